import { McpError, RemoteError, type ClientIdentity, type ListMethod, type Telemetry } from '@org/mcp-sdk';
import type { Connection } from '@org/mcp-sdk/connect';
import { EMPTY_LIST, readList, type UpstreamList } from '../catalog/entry.ts';
import type { Permit, Upstream } from '../core/upstream.ts';
import type { Wheel } from '../core/wheel.ts';
import { ANY_CALLER } from '../registry/capability-class.ts';
import type { Pick } from './pick.ts';
import { reach } from './reach.ts';

/** How upstreams are read. */
export interface ReadOptions {
  readonly pick: Pick;
  readonly wheel: Wheel;
  readonly clientInfo: ClientIdentity;
  /** Deadline for one upstream. Unit: ms. */
  readonly timeoutMs: number;
  /** Told of entries that had to be left out. */
  readonly telemetry?: Telemetry | undefined;
}

/** The capability that a list belongs to. */
const CAPABILITY = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resources',
} as const satisfies Record<ListMethod, string>;

/** Servers list by what their client can be asked: read is what some caller may see. */
const AS_ANY_CALLER = { clientCapabilities: { ...ANY_CALLER.capabilities, roots: {} } };

const METHOD_NOT_FOUND = -32601;

/**
 * Reads a list of an upstream, under the gateway's identity and within the deadline of a fan-out.
 * @throws McpError `timeout` or `unavailable`
 */
export function readUpstream(upstream: Upstream, method: ListMethod, options: ReadOptions): Promise<UpstreamList> {
  return withinDeadline(upstream, options, async (connection, signal) => {
    if (!connection.server.capabilities[CAPABILITY[method]]) return EMPTY_LIST;
    try {
      const list = await readList(connection.handler, method, {
        ...AS_ANY_CALLER,
        signal,
        clientInfo: options.clientInfo,
      });
      if (list.skipped) tellOfSkipped(list.skipped, { upstream: upstream.name, method, telemetry: options.telemetry });
      return list;
    } catch (thrown) {
      // Not every server with resources has templates.
      if (thrown instanceof RemoteError && thrown.rpc.code === METHOD_NOT_FOUND) return EMPTY_LIST;
      throw thrown;
    }
  });
}

function tellOfSkipped(
  entries: number,
  { telemetry, ...where }: { upstream: string; method: ListMethod; telemetry: Telemetry | undefined },
): void {
  telemetry?.record({ name: 'catalog.skipped', severity: 'warn', fields: { ...where, entries } });
}

/** Reaches an upstream within the deadline of a fan-out. @throws McpError `timeout` or `unavailable` */
export const reachUpstream = (upstream: Upstream, options: ReadOptions): Promise<Connection> =>
  withinDeadline(upstream, options, (connection) => Promise.resolve(connection));

/** Reaches several upstreams, each within its own deadline; by name, with why one cannot be reached. Never rejects. */
export async function reachUpstreams(
  upstreams: readonly Upstream[],
  options: ReadOptions,
): Promise<ReadonlyMap<string, Connection | Error>> {
  const reached = upstreams.map(async (upstream): Promise<[string, Connection | Error]> => {
    const connection = reachUpstream(upstream, options);
    return [upstream.name, await connection.catch((thrown: unknown) => McpError.from(thrown))];
  });
  return new Map(await Promise.all(reached));
}

async function withinDeadline<T>(
  upstream: Upstream,
  { pick, wheel, timeoutMs }: ReadOptions,
  work: (connection: Connection, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  const cut = new Promise<never>((_, reject) => {
    signal.addEventListener(
      'abort',
      () => {
        reject(McpError.from(signal.reason));
      },
      { once: true },
    );
  });
  const deadline = wheel.after(timeoutMs, {
    expire: () => {
      controller.abort(new McpError('timeout', `no answer within ${timeoutMs} ms`));
    },
  });
  let permit: Permit | undefined;
  const run = async (): Promise<T> => {
    const { endpoint, connection } = await reach(upstream, pick);
    // Nobody would count out what is counted in after the end.
    signal.throwIfAborted();
    permit = endpoint.enter({
      fail: (reason) => {
        controller.abort(reason);
      },
    });
    return work(connection, signal);
  };
  try {
    return await Promise.race([run(), cut]);
  } finally {
    deadline.cancel();
    permit?.release();
  }
}
