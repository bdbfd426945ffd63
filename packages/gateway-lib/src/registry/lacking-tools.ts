import { createCall, isJsonObject, McpError, type Call, type Handler, type JsonObject, type Reply } from '@org/mcp-sdk';
import { mentions } from '@org/mcp-sdk/wire';
import { lackedBy, type CapabilityClass } from './capability-class.ts';

/** Pages of the tools of a session that are looked at. */
const MAX_PAGES = 20;

/** A call in a session of a legacy server. */
export interface AnsweredCall {
  readonly call: Call;
  /** What its caller can be asked. */
  readonly known: CapabilityClass;
  /** The server, in that session. */
  readonly server: () => Promise<Handler>;
}

/**
 * Says what a caller lacks whose session of the server has not the tool that it called. Lists are read in a session that
 * declares everything, and servers offer tools by what their client can be asked.
 * @throws McpError `missing_client_capability` in place of a failure that comes of it
 */
export async function explained(reply: Reply, { call, known, server }: AnsweredCall): Promise<Reply> {
  if (call.method !== 'tools/call' || !hasFailed(reply)) return reply;
  const requiredCapabilities = lackedBy(known);
  const names = Object.keys(requiredCapabilities);
  if (
    names.length === 0 ||
    (await server()
      .then((handler) => offers(handler, call))
      .catch(() => true))
  )
    return reply;
  const message = `the tool "${String(call.target)}" is there only for callers that declare more; this one lacks some of: ${names.join(', ')}`;
  throw new McpError('missing_client_capability', message, { data: { requiredCapabilities } });
}

function hasFailed({ single }: Reply): boolean {
  if (single?.kind !== 'result') return single !== undefined;
  return mentions(single.result, 'isError') && single.result.value.isError === true;
}

/** Whether a session has the tool. One that lists without end is believed. */
async function offers(handler: Handler, { target, signal }: Call): Promise<boolean> {
  let params: JsonObject = {};
  for (let page = 0; page < MAX_PAGES; page++) {
    const { tools, nextCursor } = await (await handler(createCall('tools/list', params, { signal }))).result();
    if (!Array.isArray(tools) || tools.some((tool) => isJsonObject(tool) && tool.name === target)) return true;
    if (nextCursor === undefined) return false;
    params = { cursor: nextCursor };
  }
  return true;
}
