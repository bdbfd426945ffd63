import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { CallToolResult, Icon, ToolAnnotations } from '../core/official-types.ts';
import type { Reply, Result } from '../core/reply.ts';
import {
  describeIssues,
  toJsonSchema,
  toOutputJsonSchema,
  validate,
  type Infer,
  type InferInput,
  type Schema,
  type SchemaResult,
} from '../validation/schema.ts';
import type { CallContext } from './context.ts';
import { checkParamHeaders, headerParams, type HeaderParam } from '../wire/param-headers.ts';
import { checkInteger, Faults } from './faults.ts';
import { runFunction, type Reporter } from './run.ts';
import type { ServerRuntime } from './runtime.ts';
import { checkShape, type Shape } from './shape.ts';
import { failed, toResult, toStructuredResult } from './tool-result.ts';

/**
 * What a tool function may return. With `output`: a value of that schema, or a whole result that has one as
 * `structuredContent`. Without: text, a number, a plain object (structured content), or a whole result.
 */
export type ToolReturn<O extends Schema | undefined = undefined> = O extends Schema
  ? InferInput<O> | (CallToolResult & { readonly structuredContent: InferInput<O> })
  : UntypedReturn;

/** What a tool function without an `output` may return. */
export type UntypedReturn = string | number | boolean | JsonObject | CallToolResult;

/**
 * A tool, as {@link MCPServerBuilder.addTool} takes it.
 *
 * @typeParam P - schema of the arguments
 * @typeParam O - schema of the result
 * @typeParam X - the context of the function
 * @typeParam R - what the function returns, for a tool without `output`
 */
export interface ToolDefinition<
  P extends Schema = Schema,
  O extends Schema | undefined = undefined,
  X = CallContext,
  N extends string = string,
  R extends UntypedReturn = UntypedReturn,
> {
  /** 1 to 128 characters of `A-Z a-z 0-9 _ - .`, unique in the server. */
  name: N;
  title?: string;
  description?: string;
  icons?: Icon[];
  annotations?: ToolAnnotations;
  /** `_meta` of the tool in lists. */
  meta?: JsonObject;
  /** Schema of the arguments; an object at its root. @defaultValue no arguments */
  parameters?: P;
  /** Schema of the structured result: what the function returns must fit, to the compiler and at run time. */
  output?: O;
  /** A call that asks is not continued by another version of the tool. */
  version?: string;
  /** How long one round may take. Unit: ms. @defaultValue the server's `toolTimeoutMs` */
  timeoutMs?: number;
  /** Answers callers that know the tasks extension with a durable handle, and runs on without a connection. @defaultValue false */
  task?: boolean;
  /** Does the work. An ordinary error becomes a tool error that the model reads; an `McpError` a protocol error. */
  handler: (params: Infer<P>, context: X) => O extends Schema ? ToolReturn<O> | Promise<ToolReturn<O>> : R | Promise<R>;
}

/** A tool function with its arguments validated. */
export type ToolFunction = (params: unknown, context: CallContext) => Promise<unknown>;

/** Wraps tool functions: runs after validation, and sees what the function returned or threw. */
export type ToolMiddleware = (next: ToolFunction) => ToolFunction;

/** A tool, ready to be listed and called. */
export interface Tool {
  readonly name: string;
  readonly entry: JsonObject;
  readonly isTask: boolean;
  /** Whether it may run again when the process that ran it has ended. */
  readonly isRepeatable: boolean;
  /** @throws McpError `header_mismatch` if HTTP headers do not say what the arguments say */
  checkHeaders(call: Call): void;
  call(call: Call, runtime: ServerRuntime): Promise<Reply>;
}

/** A definition whose types nobody needs any more. */
export type AnyTool = ToolDefinition<Schema, Schema | undefined, never>;

const TOOL_SHAPE: Shape<AnyTool> = {
  required: ['name', 'handler'],
  members: {
    ...{ name: 'text', title: 'text', description: 'text', icons: 'array', annotations: 'object', meta: 'object' },
    ...{ parameters: 'schema', output: 'schema', version: 'text', timeoutMs: 'number', task: 'boolean' },
    handler: 'function',
  },
};

const TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/;
const NO_PARAMETERS = { type: 'object', additionalProperties: false };

/** Makes a tool of its definition. @throws McpError `invalid_options` if its name is not allowed or a schema cannot be described */
export function createTool(definition: AnyTool, label: string, layers: readonly ToolMiddleware[]): Tool {
  const { name, title, description, icons, annotations, parameters, output, meta } = definition;
  checkShape(label, definition, TOOL_SHAPE);
  const faults = new Faults();
  if (!TOOL_NAME.test(name)) faults.add(`${label}: a name is 1 to 128 of A-Z a-z 0-9 _ - .`);
  faults.attempt(() => {
    checkInteger(`${label}: timeoutMs`, definition.timeoutMs, 1);
  });
  const inputSchema = parameters
    ? faults.attempt(() => toJsonSchema(parameters, `${label}: parameters`))
    : NO_PARAMETERS;
  const outputSchema = output && faults.attempt(() => toOutputJsonSchema(output, `${label}: output`));
  const headers = (inputSchema && faults.attempt(() => headerParams(inputSchema, label))) ?? [];
  faults.throwIfAny();
  // Whoever takes a definition apart again cannot name its types; the builder has checked them.
  const own = definition.handler as (params: unknown, context: CallContext) => unknown;
  const handler = layers.reduceRight<ToolFunction>(
    (next, layer) => layer(next),
    async (params, context) => own(params, context),
  );
  const members = { title, description, inputSchema, outputSchema, icons, annotations, _meta: meta };
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  const runnable = {
    label,
    version: definition.version,
    timeoutMs: definition.timeoutMs,
    run: (call: Call, context: CallContext, reporter: Reporter) =>
      callTool({ definition, handler, headers, call }, context, reporter),
  };
  return {
    name,
    entry: { name, ...Object.fromEntries(given) },
    isTask: definition.task === true,
    isRepeatable: annotations?.idempotentHint === true || annotations?.readOnlyHint === true,
    checkHeaders: (call) => {
      if (headers.length > 0) checkParamHeaders(headers, argumentsOf(call), call.paramHeaders);
    },
    call: (call, runtime) => runFunction(call, runtime, runnable),
  };
}

interface ToolCall {
  readonly definition: AnyTool;
  readonly handler: ToolFunction;
  readonly headers: readonly HeaderParam[];
  readonly call: Call;
}

async function callTool(
  { definition, handler, headers, call }: ToolCall,
  context: CallContext,
  reporter: Reporter,
): Promise<Result> {
  const { name, parameters, output } = definition;
  const given = argumentsOf(call);
  if (headers.length > 0) checkParamHeaders(headers, given, call.paramHeaders);
  const checked = parameters ? await validate(parameters, given) : refuseAny(given);
  if (checked.issues) return failed(`Invalid arguments for ${name}: ${describeIssues(checked.issues, given)}`);
  try {
    const returned = await handler(checked.value, context);
    return output ? await toStructuredResult({ name, output, returned }, reporter) : toResult(name, returned);
  } catch (thrown) {
    if (thrown instanceof McpError) throw thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    // One that stops because its caller is gone does what it should.
    if (!context.signal.aborted) reporter.report(message, thrown);
    return failed(message);
  }
}

function argumentsOf({ params }: Call): JsonObject {
  const given = params.value.arguments ?? {};
  if (!isJsonObject(given)) throw new McpError('invalid_params', 'arguments must be an object.');
  return given;
}

/** A tool without parameters is listed with a schema that allows none. */
function refuseAny(given: JsonObject): SchemaResult<JsonObject> {
  const names = Object.keys(given);
  if (names.length === 0) return { value: given };
  return { issues: names.map((name) => ({ message: 'the tool takes no arguments', path: [name] })) };
}
