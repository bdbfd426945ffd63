import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { GetPromptResult } from '../core/official-types.ts';
import type { Reply, Result } from '../core/reply.ts';
import { describeIssues, toJsonSchema, validate, type Infer, type Schema } from '../validation/schema.ts';
import { runInContext, type CallContext } from './context.ts';

/** What a prompt function may return: the text of one user message, or a whole result. */
export type PromptReturn = string | GetPromptResult;

/** A prompt, as {@link MCPServerBuilder.addPrompt} takes it. */
export interface PromptDefinition<S extends Schema = Schema> {
  /** Unique among the prompts of the server. */
  name: string;
  title?: string;
  description?: string;
  /** Schema of the arguments, whose values are strings. @defaultValue no arguments */
  parameters?: S;
  /** Writes the prompt. */
  handler: (params: Infer<S>, context: CallContext) => PromptReturn | Promise<PromptReturn>;
}

/** A prompt, ready to be listed and got. */
export interface Prompt {
  readonly entry: JsonObject;
  get(call: Call): Promise<Reply>;
}

/** Makes a prompt of its definition. @throws McpError `invalid_options` if its schema cannot be described */
export function createPrompt<S extends Schema>(definition: PromptDefinition<S>): Prompt {
  const { name, title, description, parameters } = definition;
  return {
    entry: {
      name,
      ...(title === undefined ? {} : { title }),
      ...(description === undefined ? {} : { description }),
      ...(parameters ? { arguments: argumentsOf(toJsonSchema(parameters, `prompt "${name}"`)) } : {}),
    },
    get: (call) => runInContext(call, (context) => getPrompt(definition, call, context)),
  };
}

function argumentsOf(schema: JsonObject): JsonObject[] {
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

async function getPrompt<S extends Schema>(
  prompt: PromptDefinition<S>,
  call: Call,
  context: CallContext,
): Promise<Result> {
  const given = call.params.value.arguments ?? {};
  const checked = prompt.parameters ? await validate(prompt.parameters, given) : { value: given };
  if (checked.issues)
    throw new McpError('invalid_params', `Invalid arguments for ${prompt.name}: ${describeIssues(checked.issues)}`);
  const returned = await prompt.handler(checked.value, context);
  if (typeof returned !== 'string') return { resultType: 'complete', ...returned };
  return { resultType: 'complete', messages: [{ role: 'user', content: { type: 'text', text: returned } }] };
}
