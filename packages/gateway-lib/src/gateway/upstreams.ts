import { createHttpClient, openChild, openWebSocket } from '#gateway-platform';
import type { Clock, Handler, JsonObject, Random, Telemetry } from '@org/mcp-sdk';
import type { Connection } from '@org/mcp-sdk/connect';
import type { Upstream } from '../core/upstream.ts';
import type { Wheel } from '../core/wheel.ts';
import { Liveness } from '../health/liveness.ts';
import { isAnswer } from '../registry/answer.ts';
import { createBackoff } from '../registry/backoff.ts';
import { SupervisedEndpoint, type CallWatch } from '../registry/endpoint.ts';
import { overHttp } from '../registry/http.ts';
import { ANY_CALLER } from '../registry/capability-class.ts';
import { inProcess, inProcessOfficial, type ConnectContext } from '../registry/in-process.ts';
import type { Transport } from '../registry/transport.ts';
import { withSessions } from '../registry/upstream-sessions.ts';
import type { EndpointOptions, HttpEndpoint, InProcessEndpoint } from './options.ts';
import { isWebSocket, type ResolvedUpstream } from './resolve-options.ts';

/** What endpoints are made with. */
export interface UpstreamContext extends ConnectContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly wheel: Wheel;
  readonly telemetry: Telemetry;
  /** Told when an endpoint takes calls with a new connection. */
  readonly onReady: (upstream: string, connection: Connection) => void;
}

/** An upstream whose endpoints can be started and closed. */
export interface ManagedUpstream extends Upstream {
  readonly endpoints: readonly SupervisedEndpoint[];
}

/** How long a call waits for an endpoint that is being reached again. Unit: ms. Its caller hears within a second. */
const RECONNECT_WAIT_MS = 800;

/** Makes an upstream; nothing is started yet. */
export function createUpstream(options: ResolvedUpstream, context: UpstreamContext): ManagedUpstream {
  const { name, timeoutMs } = options;
  return {
    name,
    timeoutMs,
    endpoints: options.endpoints.map((endpoint) => createEndpoint(endpoint, options, context)),
  };
}

function createEndpoint(
  endpoint: EndpointOptions,
  options: ResolvedUpstream,
  context: UpstreamContext,
): SupervisedEndpoint {
  const { clock, random, telemetry, onReady } = context;
  return new SupervisedEndpoint(createTransport(endpoint, options, context), {
    upstream: options.name,
    connectTimeoutMs: options.connectTimeoutMs,
    reconnectWaitMs: RECONNECT_WAIT_MS,
    backoff: createBackoff(clock, random),
    clock,
    telemetry,
    watch: (supervised) => watchCalls(supervised, options.livenessMs, context),
    onReady: (_, connection) => {
      onReady(options.name, connection);
    },
  });
}

function createTransport(endpoint: EndpointOptions, options: ResolvedUpstream, context: UpstreamContext): Transport {
  if ('server' in endpoint) return inProcessTransport(endpoint, options, context);
  if ('url' in endpoint) return asked(remoteTransport(endpoint, context), options, context);
  const { command, args = [], env = {}, cwd, clientCapabilities = {} } = endpoint;
  const { telemetry } = context;
  const child = openChild({ command, args, env, cwd, upstream: options.name, telemetry }, context);
  return asked(child, { ...options, sharedCapabilities: clientCapabilities }, context);
}

function remoteTransport(endpoint: HttpEndpoint, context: UpstreamContext): Transport {
  const url = new URL(endpoint.url);
  const { headers = {} } = endpoint;
  if (isWebSocket(url)) return openWebSocket({ url, headers }, context);
  const createClient = () => createHttpClient(url, endpoint);
  return overHttp({ url, headers, createClient }, context);
}

function inProcessTransport(
  { server }: InProcessEndpoint,
  options: ResolvedUpstream,
  context: UpstreamContext,
): Transport {
  if (typeof server === 'function') return inProcess(server, context);
  if ('handler' in server) return inProcess((server as { handler: Handler }).handler, context);
  const official = inProcessOfficial(server, context);
  // It says in which call it asks, so that its one session is good for all.
  return asked(official, { ...options, sharedCapabilities: ANY_CALLER.capabilities }, context);
}

/** Lets a legacy server ask. @param options - with `sharedCapabilities` where a server has one session for all callers */
function asked(
  transport: Transport,
  options: ResolvedUpstream & { readonly sharedCapabilities?: JsonObject },
  { clock, random }: UpstreamContext,
): Transport {
  const { isolation, roots, connectTimeoutMs, sharedCapabilities } = options;
  return withSessions(transport, { isolation, roots, connectTimeoutMs, sharedCapabilities, clock, random });
}

/** In this process nothing freezes without the gateway. */
function watchCalls(endpoint: SupervisedEndpoint, silenceMs: number, { clock, wheel }: UpstreamContext): CallWatch {
  if (silenceMs === 0 || endpoint.kind === 'in-process') return { enter: () => undefined, leave: () => undefined };
  return new Liveness({
    silenceMs,
    pingMs: endpoint.pingMs,
    clock,
    wheel,
    ping: (signal) => askForSign(endpoint, signal),
    onDead: (silentMs) => {
      endpoint.lose(`it has not answered for ${silentMs} ms`);
    },
  });
}

/** Whatever is answered: somebody is there, and running calls may go on. */
async function askForSign(endpoint: SupervisedEndpoint, signal: AbortSignal): Promise<void> {
  const connection = await endpoint.connection();
  await connection.ping(signal).catch((thrown: unknown) => {
    if (!isAnswer(thrown)) throw thrown;
  });
}
