import type { Expected } from '../measure/connection.ts';
import type { PeerName } from './peers.ts';
import type { RequestName } from './requests.ts';

/** Servers that stand behind others, on the core of the generator: file and arguments. */
export const UPSTREAMS = {
  http: { file: 'upstream.ts', args: ['modern'] },
  '10 kB': { file: 'upstream.ts', args: ['modern', '10240'] },
  legacy: { file: 'upstream.ts', args: ['legacy'] },
  'web socket': { file: 'upstream-web-socket.ts', args: [] },
  list: { file: 'gateway.ts', args: ['list'] },
} as const;
export type UpstreamName = keyof typeof UPSTREAMS;

/** One row: a server, what is behind it, how it is called, and what it is compared with. */
export interface RowPlan {
  readonly name: string;
  /** A file of this folder with its arguments, an upstream, or a program from npm. */
  readonly server: readonly [file: string, ...args: string[]] | UpstreamName | { readonly peer: PeerName };
  /** Its URL is the last argument of the server. */
  readonly upstream?: UpstreamName;
  readonly request: RequestName;
  /** @defaultValue `answer` */
  readonly expected?: Expected;
  readonly comparedWith: string;
  /** Whether the server may use all cores but that of the generator. @defaultValue false */
  readonly isSpread?: boolean;
}

export const DIRECT = 'direct to the upstream';
export const BARE = 'bare undici proxy';
export const GATEWAY = 'gateway';
const BARE_10K = 'bare undici proxy, 10 kB results';
const LIST_LIMIT = 'node:http constant, as long as the list';
const ONE_PROCESS = 'gateway, one process of node:cluster';
export const TWO_PROCESSES = 'gateway, two processes of node:cluster';
export const LIST = 'gateway, list of 1,000 tools of 50 upstreams';
export const WIDE = 'gateway, 500 upstreams of 20 tools';
const MODERN_HTTP = 'gateway, modern, HTTP upstream';
const SESSION_STDIO = 'gateway, legacy session, stdio upstream';

/** A row with what most rows have. */
const row = (name: string, server: RowPlan['server'], rest: Partial<RowPlan> = {}): RowPlan => ({
  ...{ name, server, request: 'call', comparedWith: BARE },
  ...rest,
});
const MODERN = { upstream: 'http' } as const;
const CONSTANT = { expected: 'constant' } as const;
const BIG = { upstream: '10 kB', comparedWith: BARE_10K } as const;
const LISTED = { request: 'list', comparedWith: LIST_LIMIT } as const;
const SPREAD = { upstream: 'http', comparedWith: ONE_PROCESS, isSpread: true } as const;

/** The rows that have targets, and what they are compared with. */
export const ROWS: readonly RowPlan[] = [
  row(DIRECT, 'http'),
  row('node:http constant', ['constant.ts'], CONSTANT),
  row(BARE, ['proxy.ts'], MODERN),
  row(GATEWAY, ['gateway.ts', 'default'], MODERN),
  row('gateway, renamed tool', ['gateway.ts', 'renamed'], { ...MODERN, request: 'renamed' }),
  row('gateway, everything on', ['gateway.ts', 'everything'], { ...MODERN, request: 'authorized' }),
  row('gateway, middleware reads the result', ['gateway.ts', 'reads-result'], MODERN),
  row('gateway, in-process upstream', ['gateway.ts', 'in-process']),
  row('gateway, stdio upstream', ['gateway.ts', 'stdio']),
  row('gateway, WebSocket upstream', ['gateway.ts', 'web-socket'], { upstream: 'web socket' }),
  row('gateway, legacy session to modern upstream', ['gateway.ts', 'default'], { ...MODERN, request: 'session' }),
  row('gateway, modern to legacy session upstream', ['gateway.ts', 'default'], { upstream: 'legacy' }),
  row(BARE_10K, ['proxy.ts'], BIG),
  row('gateway, 10 kB results', ['gateway.ts', 'default'], BIG),
  row(LIST_LIMIT, ['constant.ts'], { ...LISTED, ...CONSTANT, upstream: 'list' }),
  row(LIST, ['gateway.ts', 'list'], LISTED),
  row(WIDE, ['gateway.ts', 'wide'], { ...MODERN, comparedWith: GATEWAY }),
  row(ONE_PROCESS, ['cluster.ts', '1'], SPREAD),
  row(TWO_PROCESSES, ['cluster.ts', '2'], SPREAD),
];

/** What `npm run bench:check` looks at, with the rows that these are compared with. */
export const CHECKED: readonly string[] = [
  BARE,
  GATEWAY,
  'gateway, renamed tool',
  'gateway, everything on',
  'gateway, in-process upstream',
  'gateway, stdio upstream',
  'gateway, legacy session to modern upstream',
  'gateway, modern to legacy session upstream',
  LIST_LIMIT,
  LIST,
];

const OFFICIAL = { upstream: 'http', comparedWith: MODERN_HTTP } as const;
const SESSION = { request: 'session', comparedWith: SESSION_STDIO } as const;

/** Other programs, each beside the gateway in the same place. */
export const PEER_ROWS: readonly RowPlan[] = [
  row(MODERN_HTTP, ['gateway.ts', 'default'], OFFICIAL),
  row('official SDK v2, Client to McpServer', ['official-forwarder.ts'], OFFICIAL),
  row(SESSION_STDIO, ['gateway.ts', 'stdio-legacy'], SESSION),
  row('mcp-proxy, legacy session, stdio upstream', { peer: 'mcp-proxy' }, SESSION),
  row('supergateway, legacy session, stdio upstream', { peer: 'supergateway' }, SESSION),
];
