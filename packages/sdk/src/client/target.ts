import { createHttpClient, openWebSocket, startChild } from '#sdk-platform';
import type { Auth } from '../auth/auth.ts';
import { connect } from '../connect/connect.ts';
import { connectStarted } from '../connect/connect-started.ts';
import type { Connection, ConnectOptions } from '../connect/connection.ts';
import { linkOverChannel } from '../connect/channel-link.ts';
import { createFetchClient, type FetchLike } from '../connect/fetch-client.ts';
import { linkOverHttp } from '../connect/http-link.ts';
import { channelToOfficial, isOfficialServer, type OfficialServer } from '../connect/official.ts';
import type { Link } from '../connect/link.ts';
import { withAuth } from '../connect/with-auth.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import type { JsonObject } from '../core/json.ts';
import { createChannelPair } from '../wire/channel-pair.ts';
import { serveChannel } from '../serve/channel.ts';

/** How to reach a server over HTTP. */
export interface HttpTargetOptions {
  /** Sent with each request. @defaultValue none */
  headers?: Readonly<Record<string, string>>;
  /** Speaks HTTP instead of the pool of undici. @defaultValue undici on Node, `fetch` elsewhere */
  fetch?: FetchLike;
}

/** How to reach a server over WebSocket. */
export interface WebSocketTargetOptions {
  /** Sent with the handshake. @defaultValue none */
  headers?: Readonly<Record<string, string>>;
}

/** How to start a server. */
export interface StdioTargetOptions {
  /** Added to the few variables that a program needs to start; nothing else of this process's environment is passed on. */
  env?: Readonly<Record<string, string>>;
  /** @defaultValue the folder of this process */
  cwd?: string;
  /** Takes what the server writes to its standard error. @defaultValue it goes to this process's */
  onStderr?: (text: string) => void;
}

/** How a target connects. */
export interface TargetOptions extends ConnectOptions {
  /** Takes what the server tells outside of any call. */
  onStray?: (method: string, params: JsonObject) => void;
}

/** Opens a connection to the server of a client. */
export type Target = (options: TargetOptions, auth: Auth | undefined) => Promise<Connection>;

/** A server behind a URL. @throws McpError `invalid_options` if it is no HTTP URL */
export function httpTarget(address: string | URL, options: HttpTargetOptions = {}): Target {
  const url = parseUrl(address, ['http:', 'https:']);
  return (connectOptions, auth) => {
    const client = options.fetch ? createFetchClient(url, options.fetch) : createHttpClient(url);
    return over(linkOverHttp(auth ? withAuth(client, url, auth) : client, url, options.headers ?? {}), connectOptions);
  };
}

/** A server behind a WebSocket. @throws McpError `invalid_options` if it is no WebSocket URL */
export function webSocketTarget(address: string | URL, { headers = {} }: WebSocketTargetOptions = {}): Target {
  const url = parseUrl(address, ['ws:', 'wss:']);
  return async (connectOptions, auth) => {
    const { signal, clock } = connectOptions;
    const channel = await openWebSocket({ url, headers, auth, signal, clock });
    return over(linkOverChannel(channel, url.origin), connectOptions);
  };
}

/** A server that is started, and ends with the client. */
export function stdioTarget(command: string, args: readonly string[] = [], options: StdioTargetOptions = {}): Target {
  return async (connectOptions, auth) => {
    refuseAuth(auth);
    const start = async (): Promise<Link> => {
      const { channel } = await startChild({ command, args, ...options });
      return linkOverChannel(channel, command);
    };
    return connectStarted(start, connectOptions, over);
  };
}

/** A server of this process: one of this package, any handler, or a server object of the official SDKs. */
export type InMemoryServer = Handler | { readonly handler: Handler } | OfficialServer;

/** A server of this process. An official one takes one client at a time. */
export function inMemoryTarget(server: InMemoryServer): Target {
  if (isOfficial(server))
    return async (connectOptions, auth) => {
      refuseAuth(auth);
      return over(linkOverChannel(channelToOfficial(server), 'the server'), connectOptions);
    };
  const handler = handlerOf(server);
  return async (connectOptions, auth) => {
    refuseAuth(auth);
    const [own, other] = createChannelPair();
    serveChannel(handler, other);
    return over(linkOverChannel(own, 'the server'), connectOptions);
  };
}

/** @throws McpError `invalid_options` for what only a caller without types can give */
function handlerOf(server: unknown): Handler {
  const handler = typeof server === 'object' && server !== null && 'handler' in server ? server.handler : server;
  // A handler is known by being a function.
  if (typeof handler === 'function') return handler as Handler;
  throw new McpError('invalid_options', 'inMemory() takes a server, built already, or a handler.');
}

/** Connects; a server that cannot be spoken to is let go of. */
async function over(link: Link, { onStray, ...options }: TargetOptions): Promise<Connection> {
  if (onStray)
    link.subscribe(({ method, params }) => {
      onStray(method, params.payload.value);
    });
  try {
    return await connect(link, options);
  } catch (thrown) {
    // Not waited for: a program may take its time to end.
    void link.close();
    throw thrown;
  }
}

/** Silence would look as if the server had been told who calls. */
function refuseAuth(auth: Auth | undefined): void {
  if (auth) throw new McpError('invalid_options', 'auth() is for http() and webSocket(); give a program its env.');
}

/** Servers of this package have a `connect` too, which gives a transport. */
const isOfficial = (server: InMemoryServer): server is OfficialServer =>
  isOfficialServer(server) && !('handler' in server);

function parseUrl(address: string | URL, protocols: readonly string[]): URL {
  const url = URL.canParse(String(address)) ? new URL(address) : undefined;
  if (url && (url.username !== '' || url.password !== ''))
    throw new McpError('invalid_options', 'The address holds a user or a password: give it to auth() or as a header.');
  if (url && protocols.includes(url.protocol)) return url;
  // The address may hold a credential.
  throw new McpError('invalid_options', `The address must be an absolute ${protocols.join(' or ')} URL.`);
}
