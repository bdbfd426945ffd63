import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { CallToolResult, ToolAnnotations } from '../core/official-types.ts';
import type { Reply, Result } from '../core/reply.ts';
import { describeIssues, toJsonSchema, validate, type Infer, type Schema } from '../validation/schema.ts';
import { runInContext, type CallContext } from './context.ts';

/** What a tool function may return: text, a number, a plain object (structured content), or a whole result. */
export type ToolReturn = string | number | boolean | JsonObject | CallToolResult;

/** A tool, as {@link MCPServerBuilder.addTool} takes it. */
export interface ToolDefinition<S extends Schema = Schema> {
  /** 1 to 128 characters of `A-Z a-z 0-9 _ - .`, unique in the server. */
  name: string;
  title?: string;
  description?: string;
  annotations?: ToolAnnotations;
  /** Schema of the arguments; an object at its root. @defaultValue no arguments */
  parameters?: S;
  /** Does the work. An ordinary error becomes a tool error that the model reads; an `McpError` a protocol error. */
  handler: (params: Infer<S>, context: CallContext) => ToolReturn | Promise<ToolReturn>;
}

/** A tool, ready to be listed and called. */
export interface Tool {
  readonly entry: JsonObject;
  call(call: Call): Promise<Reply>;
}

const NO_PARAMETERS = { type: 'object', additionalProperties: false };

/** Makes a tool of its definition. @throws McpError `invalid_options` if its schema cannot be described */
export function createTool<S extends Schema>(definition: ToolDefinition<S>): Tool {
  const { name, title, description, annotations, parameters } = definition;
  const inputSchema = parameters ? toJsonSchema(parameters, `tool "${name}"`) : NO_PARAMETERS;
  return {
    entry: {
      name,
      ...(title === undefined ? {} : { title }),
      ...(description === undefined ? {} : { description }),
      inputSchema,
      ...(annotations ? { annotations } : {}),
    },
    call: (call) => runInContext(call, (context) => callTool(definition, call, context)),
  };
}

async function callTool<S extends Schema>(tool: ToolDefinition<S>, call: Call, context: CallContext): Promise<Result> {
  const given = call.params.value.arguments ?? {};
  if (!isJsonObject(given)) throw new McpError('invalid_params', 'arguments must be an object.');
  const checked = tool.parameters ? await validate(tool.parameters, given) : { value: given };
  if (checked.issues) return failed(`Invalid arguments for ${tool.name}: ${describeIssues(checked.issues)}`);
  try {
    return toResult(await tool.handler(checked.value, context));
  } catch (thrown) {
    if (thrown instanceof McpError) throw thrown;
    return failed(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function toResult(returned: ToolReturn): Result {
  if (typeof returned !== 'object') return { resultType: 'complete', content: [text(String(returned))] };
  if (Array.isArray(returned.content)) return { resultType: 'complete', ...returned };
  // Readers of older revisions see the text only.
  return { resultType: 'complete', content: [text(JSON.stringify(returned))], structuredContent: returned };
}

const failed = (message: string): Result => ({ resultType: 'complete', content: [text(message)], isError: true });

const text = (value: string): JsonObject => ({ type: 'text', text: value });
