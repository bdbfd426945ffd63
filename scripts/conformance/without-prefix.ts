import { isJsonObject, LIST_MEMBERS, Payload, type Call, type JsonObject, type Middleware } from '@org/mcp-sdk';
import { mapResult, renameTarget } from '@org/mcp-sdk/wire';

/** Shows of a gateway only what one of its upstreams offers, by the names that the upstream uses. */
export const withoutPrefix =
  (prefix: string): Middleware =>
  (next) =>
  async (call) => {
    const reply = await next(isNamed(call) ? renamed(call, `${prefix}${call.target ?? ''}`) : call);
    const { method } = call;
    if (method !== 'tools/list' && method !== 'prompts/list') return reply;
    return mapResult(reply, ({ value }) => Payload.of(strip(value, LIST_MEMBERS[method], prefix)));
  };

/** Whether a call is about something whose name carries the prefix: resources keep their URIs. */
function isNamed({ method, target, params }: Call): boolean {
  if (target === undefined) return false;
  if (method === 'tools/call' || method === 'prompts/get') return true;
  return method === 'completion/complete' && isJsonObject(params.value.ref) && params.value.ref.type === 'ref/prompt';
}

const renamed = (call: Call, target: string): Call => ({
  ...call,
  target,
  params: renameTarget(call.method, call.params, target),
});

function strip(result: JsonObject, member: string, prefix: string): JsonObject {
  const entries = result[member] as { name: string }[];
  const own = entries.filter(({ name }) => name.startsWith(prefix));
  return { ...result, [member]: own.map((entry) => ({ ...entry, name: entry.name.slice(prefix.length) })) };
}
