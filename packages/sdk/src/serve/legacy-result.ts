import { isJsonObject, type JsonObject } from '../core/json.ts';
import { joinJson, Payload } from '../core/payload.ts';
import type { RpcError } from '../core/errors.ts';
import { remoteErrorReply, type Reply } from '../core/reply.ts';
import { mapResult } from '../wire/exchange.ts';
import { membersOf } from '../wire/result.ts';
import { contentFor } from './legacy-content.ts';
import type { LegacyMessage } from './legacy-questions.ts';

const OPEN_BRACE = 0x7b;

/** Members of a schema that references count from: `#/$defs/X` is looked for at the root. */
const OF_THE_ROOT = new Set(['$schema', '$id', '$defs', 'definitions']);

/** The request that is answered, and the revision of the caller. */
export interface LegacyRequest {
  readonly method: string;
  readonly version: string;
}

/** A reply that does not ask, as a legacy caller knows it. */
export function legacyReply(request: LegacyRequest, reply: Reply): Reply {
  const { method } = request;
  if (reply.single?.kind === 'error') {
    const error = legacyError(method, reply.single.error);
    return error === reply.single.error ? reply : remoteErrorReply(error, reply.status);
  }
  return isChanged(method) ? mapResult(reply, (result) => legacyResult(request, result)) : reply;
}

/** The messages of a call, its result as a legacy caller knows it. @param over - told when they have ended */
export async function* legacyMessages(
  request: LegacyRequest,
  messages: AsyncIterable<LegacyMessage>,
  over: () => void,
): AsyncGenerator<LegacyMessage> {
  try {
    for await (const message of messages) {
      if (message.kind === 'result') yield { kind: 'result', result: legacyResult(request, message.result) };
      else if (message.kind === 'error') yield { kind: 'error', error: legacyError(request.method, message.error) };
      else if (message.kind === 'question')
        yield { ...message, params: contentFor(request.version, message.method, message.params) };
      else yield message;
    }
  } finally {
    over();
  }
}

const isChanged = (method: string): boolean =>
  method === 'tools/call' || method === 'tools/list' || method === 'prompts/get';

/** What legacy revisions answer for a resource that is not there (2025-11-25, Resources: Error Handling). */
const RESOURCE_NOT_FOUND = -32002;

/** Modern servers say -32602 and name the resource. */
function legacyError(method: string, error: Payload<RpcError>): Payload<RpcError> {
  if (method !== 'resources/read' || error.value.code !== -32602) return error;
  const { data } = error.value;
  const isNotFound = isJsonObject(data) && typeof data.uri === 'string';
  return isNotFound ? Payload.of({ ...error.value, code: RESOURCE_NOT_FOUND }) : error;
}

/**
 * Wraps what legacy revisions only know as an object: `structuredContent` and the root of `outputSchema`. A legacy
 * client refuses a whole list for one tool that does otherwise.
 */
function legacyResult({ method, version }: LegacyRequest, result: Payload<JsonObject>): Payload<JsonObject> {
  if (method === 'tools/list') return wrapOutputSchemas(result);
  const known = contentFor(version, method, result);
  return method === 'tools/call' ? wrapStructuredContent(known) : known;
}

function wrapStructuredContent(result: Payload<JsonObject>): Payload<JsonObject> {
  const { bytes } = result;
  const span = membersOf(bytes).get('structuredContent');
  if (!span || bytes[span.start] === OPEN_BRACE) return result;
  const content = bytes.subarray(span.start, span.end);
  return Payload.json(joinJson([bytes.subarray(0, span.start), '{"result":', content, '}', bytes.subarray(span.end)]));
}

function wrapOutputSchemas(result: Payload<JsonObject>): Payload<JsonObject> {
  if (!result.text.includes('"outputSchema"')) return result;
  const { value } = result;
  const tools: unknown[] = Array.isArray(value.tools) ? value.tools : [];
  if (!tools.some(isForeign)) return result;
  return Payload.of({ ...value, tools: tools.map((tool) => (isForeign(tool) ? withObjectSchema(tool) : tool)) });
}

type ToolWithOutput = JsonObject & { outputSchema: JsonObject };

const isForeign = (tool: unknown): tool is ToolWithOutput =>
  isJsonObject(tool) && isJsonObject(tool.outputSchema) && tool.outputSchema.type !== 'object';

const withObjectSchema = (tool: ToolWithOutput): JsonObject => ({ ...tool, outputSchema: asObject(tool.outputSchema) });

/** Content that is an object is not wrapped, so neither is a schema that lets it be one. */
function asObject(schema: JsonObject): JsonObject {
  const { type } = schema;
  if (type === undefined || (Array.isArray(type) && type.includes('object'))) return { ...schema, type: 'object' };
  const members = Object.entries(schema);
  const root = Object.fromEntries(members.filter(([name]) => OF_THE_ROOT.has(name)));
  const result = Object.fromEntries(members.filter(([name]) => !OF_THE_ROOT.has(name)));
  return { ...root, type: 'object', properties: { result }, required: ['result'] };
}
