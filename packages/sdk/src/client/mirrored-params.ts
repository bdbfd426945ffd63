import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler, Middleware } from '../core/handler.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { resultReply, type Reply } from '../core/reply.ts';
import { headerParams, mirroredHeaders, type HeaderParam } from '../wire/param-headers.ts';
import { peekResult } from '../wire/result.ts';

const HEADER_MISMATCH = -32020;

/** A list that does not end is read no further than this. */
const MAX_PAGES = 1_000;

/** What {@link mirrorParams} works with. */
export interface MirrorOptions {
  /** Whether the server is of the modern era: no other knows such headers. */
  readonly isOn: () => boolean;
  /** Told why a tool was taken out. */
  readonly onRejected: (error: McpError) => void;
}

/**
 * Mirrors parameters with `x-mcp-header` in HTTP headers, as the listed schemas say, and takes tools whose annotations
 * are wrong out of lists.
 *
 * @remarks A tool that was not listed yet is called without: a server that wants headers answers with -32020, then the
 * tools are listed and the call is made again.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#custom-headers-from-tool-parameters
 */
export function mirrorParams({ isOn, onRejected }: MirrorOptions): Middleware {
  const known = new Map<string, readonly HeaderParam[]>();
  return (next) => async (call) => {
    if (!isOn()) return next(call);
    if (call.method === 'tools/list') return learn(await next(call), { known, onRejected });
    if (call.method !== 'tools/call') return next(call);
    const reply = await next(withHeaders(call, known));
    if (reply.single?.kind !== 'error' || reply.single.error.value.code !== HEADER_MISMATCH) return reply;
    await listAgain(call, next, (page) => learn(page, { known, onRejected }));
    return next(withHeaders(call, known));
  };
}

interface Learning {
  readonly known: Map<string, readonly HeaderParam[]>;
  readonly onRejected: (error: McpError) => void;
}

async function learn(reply: Reply, { known, onRejected }: Learning): Promise<Reply> {
  if (!reply.single || reply.peek() !== 'complete') return reply;
  const result = await reply.result();
  if (!Array.isArray(result.tools)) return reply;
  const tools = result.tools.filter((tool: unknown) => {
    if (!isJsonObject(tool) || !isJsonObject(tool.inputSchema)) return true;
    try {
      known.set(String(tool.name), headerParams(tool.inputSchema, `The tool ${JSON.stringify(tool.name)}`));
      return true;
    } catch (thrown) {
      onRejected(McpError.from(thrown));
      return false;
    }
  });
  return tools.length === result.tools.length ? reply : resultReply(Payload.of({ ...result, tools }), peekResult);
}

/** Reads all pages. What fails here fails the call that follows, in its own words. */
async function listAgain(call: Call, next: Handler, take: (page: Reply) => Promise<Reply>): Promise<void> {
  const { _meta: meta } = call.params.value;
  let cursor: unknown;
  for (let page = 0; page < MAX_PAGES; page++) {
    const params = Payload.of<JsonObject>({ ...(typeof cursor === 'string' ? { cursor } : {}), _meta: meta });
    const list = { ...call, method: 'tools/list', target: undefined, progressToken: undefined, round: 0, params };
    const reply = await take(await next(list));
    if (reply.peek() !== 'complete') return;
    cursor = (await reply.result()).nextCursor;
    if (typeof cursor !== 'string') return;
  }
}

function withHeaders(call: Call, known: ReadonlyMap<string, readonly HeaderParam[]>): Call {
  const params = known.get(call.target ?? '') ?? [];
  if (params.length === 0) return call;
  const headers = mirroredHeaders(params, call.params.value.arguments);
  return { ...call, paramHeaders: { ...call.paramHeaders, ...headers } };
}
