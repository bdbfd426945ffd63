import {
  createCall,
  EdgeCall,
  isJsonObject,
  McpError,
  META,
  MODERN_VERSION,
  streamReply,
  type Call,
  type ClientIdentity,
  type CallOptions,
  type Clock,
  type Handler,
  type JsonObject,
  type Message,
  type Reply,
} from '@org/mcp-sdk';
import {
  channelToOfficial,
  connect,
  linkOverChannel,
  type Connection,
  type OfficialServer,
} from '@org/mcp-sdk/connect';
import { wants } from '@org/mcp-sdk/wire';
import type { Transport } from './transport.ts';

/** A handler of this process as an endpoint: calls cost no transport. */
export const inProcess = (handler: Handler, { clientInfo }: Pick<ConnectContext, 'clientInfo'>): Transport => ({
  kind: 'in-process',
  label: 'in-process',
  supervised: false,
  async open(signal): Promise<Connection> {
    const result = await Promise.race([discover(handler, { signal, clientInfo }), aborted(signal)]);
    const meta: JsonObject = isJsonObject(result._meta) ? result._meta : {};
    const serverInfo = meta[META.serverInfo];
    return {
      handler: async (call) => onlyWanted(call, await handler(new EdgeCall(call, call))),
      era: 'modern',
      version: MODERN_VERSION,
      server: {
        serverInfo: isJsonObject(serverInfo) ? serverInfo : undefined,
        capabilities: isJsonObject(result.capabilities) ? result.capabilities : {},
        instructions: typeof result.instructions === 'string' ? result.instructions : undefined,
      },
      ping: () => Promise.resolve(),
      closed: new Promise(() => undefined),
      close: () => Promise.resolve(),
    };
  },
});

/** What goes through a transport is dropped there if nobody wants it. */
function onlyWanted(call: Call, reply: Reply): Reply {
  if (reply.single) return reply;
  return streamReply(wantedOf(call, reply), (reason) => {
    reply.cancel(reason);
  });
}

async function* wantedOf(call: Call, reply: Reply): AsyncGenerator<Message> {
  for await (const message of reply.messages())
    if (message.kind !== 'notification' || wants(call, message)) yield message;
}

async function discover(handler: Handler, from: CallOptions): Promise<JsonObject> {
  const reply = await handler(createCall('server/discover', {}, from));
  return reply.result();
}

/** Rejects when the signal aborts: a handler need not look at it. */
const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const abort = (): void => {
      reject(McpError.from(signal.reason));
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
  });

/** Who the gateway is to a server, and the time it goes by. */
export interface ConnectContext {
  readonly clientInfo: ClientIdentity;
  readonly clock: Clock;
}

/** An official server object of this process (v1 or v2 `McpServer`) as an endpoint. */
export const inProcessOfficial = (server: OfficialServer, context: ConnectContext): Transport => ({
  kind: 'in-process',
  label: 'in-process',
  supervised: false,
  // Its era is known: connected directly, both official versions serve the legacy era.
  open: (signal, terms) =>
    connect(linkOverChannel(channelToOfficial(server), 'in-process'), { ...context, ...terms, signal, era: 'legacy' }),
});
