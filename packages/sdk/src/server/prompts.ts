import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { GetPromptResult, Icon } from '../core/official-types.ts';
import type { Reply, Result } from '../core/reply.ts';
import { describeIssues, toJsonSchema, validate, type Infer, type Schema } from '../validation/schema.ts';
import { present, type Completions } from './completion.ts';
import type { CallContext } from './context.ts';
import { checkInteger } from './faults.ts';
import { runFunction, wrongReturn } from './run.ts';
import type { ServerRuntime } from './runtime.ts';
import { checkShape, type Shape } from './shape.ts';

/** What a prompt function may return: the text of one user message, or a whole result. */
export type PromptReturn = string | GetPromptResult;

/** A prompt, as {@link MCPServerBuilder.addPrompt} takes it. */
export interface PromptDefinition<P extends Schema = Schema, X = CallContext> {
  /** Unique among the prompts of the server. */
  name: string;
  title?: string;
  description?: string;
  icons?: Icon[];
  /** `_meta` of the prompt in lists. */
  meta?: JsonObject;
  /** Schema of the arguments, whose values are strings. @defaultValue no arguments */
  parameters?: P;
  /** Suggests values of arguments. @defaultValue none */
  complete?: Completions<Extract<keyof Infer<P>, string>>;
  /** A call that asks is not continued by another version. */
  version?: string;
  /** How long one round may take. Unit: ms. @defaultValue the server's `toolTimeoutMs` */
  timeoutMs?: number;
  /** Writes the prompt. */
  handler: (params: Infer<P>, context: X) => PromptReturn | Promise<PromptReturn>;
}

/** A prompt, ready to be listed and got. */
export interface Prompt {
  readonly name: string;
  readonly entry: JsonObject;
  readonly completions: Completions;
  get(call: Call, runtime: ServerRuntime): Promise<Reply>;
}

/** A definition whose types nobody needs any more. */
export type AnyPrompt = Omit<PromptDefinition<Schema, never>, 'complete'> & { complete?: Completions };

/** Makes a prompt of its definition. @throws McpError `invalid_options` if its schema cannot be described */
export function createPrompt(definition: AnyPrompt, label: string): Prompt {
  const { name, title, description, icons, parameters, meta } = definition;
  checkShape(label, definition, PROMPT_SHAPE);
  if (name === '') throw new McpError('invalid_options', `${label}: name is empty.`);
  checkInteger(`${label}: timeoutMs`, definition.timeoutMs, 1);
  const args = parameters && argumentsOf(label, parameters);
  const runnable = {
    label,
    version: definition.version,
    timeoutMs: definition.timeoutMs,
    run: (call: Call, context: CallContext) => getPrompt(definition, call, context),
  };
  return {
    name,
    entry: { name, ...present({ title, description, icons, arguments: args, _meta: meta }) },
    completions: definition.complete ?? {},
    get: (call, runtime) => runFunction(call, runtime, runnable),
  };
}

const PROMPT_SHAPE: Shape<AnyPrompt> = {
  required: ['name', 'handler'],
  members: {
    ...{ name: 'text', title: 'text', description: 'text', icons: 'array', meta: 'object', parameters: 'schema' },
    ...{ complete: 'functions', version: 'text', timeoutMs: 'number', handler: 'function' },
  },
};

/** Values of the types that a library may make of a text. */
const PROBES: Readonly<Record<string, number | boolean>> = { number: 1, integer: 1, boolean: true };

/** Callers can give text only. @throws McpError `invalid_options` if an argument takes none */
function checkArguments(label: string, { properties }: JsonObject, parameters: Schema): void {
  for (const [name, property] of Object.entries(isJsonObject(properties) ? properties : {}))
    if (!variantsOf(property).some((variant) => takesText(variant, name, parameters)))
      throw new McpError(
        'invalid_options',
        `${label}: the argument "${name}" takes no text, and callers give nothing else; allowed: e.g. z.string(), z.coerce.number().`,
      );
}

function variantsOf(property: unknown): unknown[] {
  if (!isJsonObject(property)) return [property];
  const { anyOf, type } = property;
  if (Array.isArray(anyOf)) return anyOf.flatMap(variantsOf);
  return Array.isArray(type) ? type.map((each: unknown) => ({ ...property, type: each })) : [property];
}

function takesText(property: unknown, name: string, parameters: Schema): boolean {
  const type = isJsonObject(property) ? property.type : undefined;
  if (!isJsonObject(property) || typeof type !== 'string' || type === 'string') return true;
  const value = 'const' in property ? property.const : PROBES[type];
  if (typeof value !== 'number' && typeof value !== 'boolean') return false;
  // One that is made of its text may be out of range: then both are.
  return faultAt(name, parameters, value) === faultAt(name, parameters, String(value));
}

function faultAt(name: string, parameters: Schema, value: unknown): string | undefined {
  const found = parameters['~standard'].validate({ [name]: value });
  if (!(found instanceof Promise))
    return found.issues?.find(({ path: [at] = [] }) => (typeof at === 'object' ? at.key : at) === name)?.message;
  // A library that checks later is believed.
  found.catch(() => undefined);
  return undefined;
}

function argumentsOf(label: string, parameters: Schema): JsonObject[] {
  const schema = toJsonSchema(parameters, label);
  checkArguments(label, schema, parameters);
  const properties = isJsonObject(schema.properties) ? schema.properties : {};
  const required: unknown[] = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(properties).map(([name, property]) => ({
    name,
    ...(isJsonObject(property) && typeof property.description === 'string'
      ? { description: property.description }
      : {}),
    required: required.includes(name),
  }));
}

async function getPrompt(prompt: AnyPrompt, call: Call, context: CallContext): Promise<Result> {
  const given = call.params.value.arguments ?? {};
  if (!isJsonObject(given)) throw new McpError('invalid_params', 'arguments must be an object.');
  const checked = prompt.parameters ? await validate(prompt.parameters, given) : { value: given };
  if (checked.issues)
    throw new McpError(
      'invalid_params',
      `Invalid arguments for ${prompt.name}: ${describeIssues(checked.issues, given)}`,
    );
  // Whoever takes a definition apart again cannot name its types; the builder has checked them.
  const handler = prompt.handler as (params: unknown, context: CallContext) => PromptReturn | Promise<PromptReturn>;
  const returned = await handler(checked.value, context);
  if (isJsonObject(returned) && Array.isArray(returned.messages)) return { resultType: 'complete', ...returned };
  if (typeof returned !== 'string') throw wrongReturn(`prompt "${prompt.name}"`, 'neither text nor messages');
  return { resultType: 'complete', messages: [{ role: 'user', content: { type: 'text', text: returned } }] };
}
