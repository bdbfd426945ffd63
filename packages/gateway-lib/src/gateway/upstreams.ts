import { openChild, createHttpClient } from '#gateway-platform';
import type { Clock, Handler, Random, Telemetry } from '@org/mcp-sdk';
import type { Connection } from '@org/mcp-sdk/connect';
import type { Upstream } from '../core/upstream.ts';
import type { Wheel } from '../core/wheel.ts';
import { Liveness } from '../health/liveness.ts';
import { isAnswer } from '../registry/answer.ts';
import { createBackoff } from '../registry/backoff.ts';
import { SupervisedEndpoint, type CallWatch } from '../registry/endpoint.ts';
import { overHttp } from '../registry/http.ts';
import { inProcess, inProcessOfficial, type ConnectContext } from '../registry/in-process.ts';
import type { Transport } from '../registry/transport.ts';
import type { EndpointOptions, InProcessEndpoint, ResolvedUpstream } from './options.ts';

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
  return new SupervisedEndpoint(createTransport(endpoint, options.name, context), {
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

function createTransport(endpoint: EndpointOptions, upstream: string, context: UpstreamContext): Transport {
  if ('server' in endpoint) return inProcessTransport(endpoint, context);
  if ('url' in endpoint) {
    const url = new URL(endpoint.url);
    return overHttp(
      { url, headers: endpoint.headers ?? {}, createClient: () => createHttpClient(url, endpoint) },
      context,
    );
  }
  const { command, args = [], env = {}, cwd } = endpoint;
  return openChild({ command, args, env, cwd, upstream, telemetry: context.telemetry }, context);
}

function inProcessTransport({ server }: InProcessEndpoint, context: UpstreamContext): Transport {
  if (typeof server === 'function') return inProcess(server, context);
  if ('handler' in server) return inProcess((server as { handler: Handler }).handler, context);
  return inProcessOfficial(server, context);
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
