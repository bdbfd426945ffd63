import type { McpServer } from '@modelcontextprotocol/server';
import { createCall, type RequestId } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { LATEST_LEGACY_VERSION, META } from '../core/protocol.ts';
import type { Channel, ChannelEvents } from '../wire/channel.ts';
import { serveChannel, type ChannelServer } from '../serve/channel.ts';

/** A transport of the official v2 SDK, as far as a server uses it. */
type Transport = Parameters<McpServer['connect']>[0];

/**
 * Makes an official v2 `McpServer` of a server or a handler: connect it to an official transport, or return it from the
 * factory of `createMcpHandler` or `serveStdio`.
 *
 * @remarks Its `connect` hands the transport to this package's own codecs, so every method of both eras, notifications,
 * progress and questions to the user pass; nothing is registered with the official object. What calls it over a
 * transport is anonymous: check credentials in front of it. Needs the optional package `@modelcontextprotocol/server`.
 * @throws McpError `invalid_options` without that package
 */
export async function toMcpServer(server: Handler | { readonly handler: Handler }): Promise<McpServer> {
  const handler = typeof server === 'function' ? server : server.handler;
  const { McpServer: Official } = await import('@modelcontextprotocol/server').catch((cause: unknown) => {
    const message = 'toMcpServer() needs an optional package: npm install @modelcontextprotocol/server';
    throw new McpError('invalid_options', message, { cause });
  });
  const served = new Set<ChannelServer>();

  class Bridge extends Official {
    override async connect(transport: Transport): Promise<void> {
      const channel = serveChannel(handler, channelOver(transport));
      served.add(channel);
      void channel.closed.then(() => served.delete(channel));
      await transport.start();
    }

    override async close(): Promise<void> {
      await Promise.all([...served].map((channel) => channel.close()));
    }
  }
  return new Bridge(await identityOf(handler));
}

/** What the server says of itself: official entries stamp it on results. */
async function identityOf(handler: Handler): Promise<{ name: string; version: string }> {
  const discovered = await handler(createCall('server/discover'))
    .then((reply) => reply.result())
    // A server may want to know first who asks.
    .catch((): JsonObject => ({}));
  const meta = isJsonObject(discovered._meta) ? discovered._meta : {};
  const info = meta[META.serverInfo];
  const { name, version } = isJsonObject(info) ? info : {};
  return {
    name: typeof name === 'string' ? name : 'unnamed',
    version: typeof version === 'string' ? version : '0.0.0',
  };
}

/** The messages of an official transport as a channel. */
function channelOver(transport: Transport): Channel {
  const calls = new RunningCalls();
  let open = true;
  return {
    open(events: ChannelEvents) {
      const { onclose } = transport;
      transport.onmessage = (message) => {
        if (calls.needSession(message)) events.message(Payload.of(INITIALIZE).bytes);
        calls.received(message);
        events.message(Payload.of(message).bytes);
      };
      transport.onclose = () => {
        if (!open) return;
        open = false;
        events.close();
        onclose?.();
      };
    },
    send(json) {
      if (!open) return;
      const message = Payload.json<JsonObject>(json).value;
      if (message.id === INITIALIZE.id && message.method === undefined) return;
      const relatedRequestId = calls.relatedTo(message);
      const options = relatedRequestId === undefined ? undefined : { relatedRequestId };
      // A transport that cannot send says so to its own `onerror`, or is closed.
      void transport.send(message as never, options).catch(() => undefined);
    },
    close: () => void transport.close().catch(() => undefined),
  };
}

/**
 * Opens the session of a legacy client that has none: the official stateless transport is made for one request. Nothing
 * can be asked of such a client.
 */
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 'initialize, by the bridge',
  method: 'initialize',
  params: {
    protocolVersion: LATEST_LEGACY_VERSION,
    capabilities: {},
    clientInfo: { name: 'unknown', version: '0.0.0' },
  },
};

/** Which call a message belongs to: the official HTTP transport sends it on the stream of that call. */
class RunningCalls {
  readonly #tokens = new Map<RequestId, unknown>();
  #hasSession = false;

  /** Whether this is the first legacy request, and no `initialize`. */
  needSession({ id, method, params }: JsonObject): boolean {
    if (this.#hasSession || id === undefined || method === undefined) return false;
    if (META.protocolVersion in metaOf(params)) return false;
    this.#hasSession = method !== 'ping';
    return this.#hasSession && method !== 'initialize';
  }

  received({ id, method, params }: JsonObject): void {
    if (id === undefined || method === undefined) return;
    this.#tokens.set(id as RequestId, metaOf(params)[META.progressToken]);
  }

  /** Undefined for a message that no call can be told of. */
  relatedTo({ id, method, params }: JsonObject): RequestId | undefined {
    if (method === undefined) {
      this.#tokens.delete(id as RequestId);
      return undefined;
    }
    const about = isJsonObject(params) ? params : {};
    const running = [...this.#tokens];
    const owner = running.find(([, token]) => token !== undefined && token === about.progressToken);
    if (owner) return owner[0];
    return running.length === 1 && typeof method === 'string' && isOfCall(method) ? running[0]?.[0] : undefined;
  }
}

/** List changes belong to the session, whatever is running. */
const isOfCall = (method: string): boolean => !/list_changed$|^notifications\/resources\//.test(method);

const metaOf = (params: unknown): JsonObject =>
  isJsonObject(params) && isJsonObject(params._meta) ? params._meta : {};
