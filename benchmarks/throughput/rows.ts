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

/** The rows whose targets are ratios to the bare proxy, or to the limit beside them. */
export const ROWS: readonly RowPlan[] = [
  { name: DIRECT, server: 'http', request: 'call', comparedWith: BARE },
  { name: 'node:http constant', server: ['constant.ts'], request: 'call', expected: 'constant', comparedWith: BARE },
  { name: BARE, server: ['proxy.ts'], upstream: 'http', request: 'call', comparedWith: BARE },
  { name: GATEWAY, server: ['gateway.ts', 'default'], upstream: 'http', request: 'call', comparedWith: BARE },
  {
    name: 'gateway, renamed tool',
    server: ['gateway.ts', 'renamed'],
    upstream: 'http',
    request: 'renamed',
    comparedWith: BARE,
  },
  {
    name: 'gateway, everything on',
    server: ['gateway.ts', 'everything'],
    upstream: 'http',
    request: 'authorized',
    comparedWith: BARE,
  },
  {
    name: 'gateway, middleware reads the result',
    server: ['gateway.ts', 'reads-result'],
    upstream: 'http',
    request: 'call',
    comparedWith: BARE,
  },
  { name: 'gateway, in-process upstream', server: ['gateway.ts', 'in-process'], request: 'call', comparedWith: BARE },
  { name: 'gateway, stdio upstream', server: ['gateway.ts', 'stdio'], request: 'call', comparedWith: BARE },
  {
    name: 'gateway, WebSocket upstream',
    server: ['gateway.ts', 'web-socket'],
    upstream: 'web socket',
    request: 'call',
    comparedWith: BARE,
  },
  {
    name: 'gateway, legacy session to modern upstream',
    server: ['gateway.ts', 'default'],
    upstream: 'http',
    request: 'session',
    comparedWith: BARE,
  },
  {
    name: 'gateway, modern to legacy session upstream',
    server: ['gateway.ts', 'default'],
    upstream: 'legacy',
    request: 'call',
    comparedWith: BARE,
  },
  { name: BARE_10K, server: ['proxy.ts'], upstream: '10 kB', request: 'call', comparedWith: BARE_10K },
  {
    name: 'gateway, 10 kB results',
    server: ['gateway.ts', 'default'],
    upstream: '10 kB',
    request: 'call',
    comparedWith: BARE_10K,
  },
  {
    name: LIST_LIMIT,
    server: ['constant.ts'],
    upstream: 'list',
    request: 'list',
    expected: 'constant',
    comparedWith: LIST_LIMIT,
  },
  {
    name: LIST,
    server: ['gateway.ts', 'list'],
    request: 'list',
    comparedWith: LIST_LIMIT,
  },
  {
    name: WIDE,
    server: ['gateway.ts', 'wide'],
    upstream: 'http',
    request: 'call',
    comparedWith: GATEWAY,
  },
  {
    name: ONE_PROCESS,
    server: ['cluster.ts', '1'],
    upstream: 'http',
    request: 'call',
    comparedWith: ONE_PROCESS,
    isSpread: true,
  },
  {
    name: TWO_PROCESSES,
    server: ['cluster.ts', '2'],
    upstream: 'http',
    request: 'call',
    comparedWith: ONE_PROCESS,
    isSpread: true,
  },
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

/** Other programs, each beside the gateway in the same place. */
export const PEER_ROWS: readonly RowPlan[] = [
  {
    name: MODERN_HTTP,
    server: ['gateway.ts', 'default'],
    upstream: 'http',
    request: 'call',
    comparedWith: MODERN_HTTP,
  },
  {
    name: 'official SDK v2, Client to McpServer',
    server: ['official-forwarder.ts'],
    upstream: 'http',
    request: 'call',
    comparedWith: MODERN_HTTP,
  },
  { name: SESSION_STDIO, server: ['gateway.ts', 'stdio-legacy'], request: 'session', comparedWith: SESSION_STDIO },
  {
    name: 'mcp-proxy, legacy session, stdio upstream',
    server: { peer: 'mcp-proxy' },
    request: 'session',
    comparedWith: SESSION_STDIO,
  },
  {
    name: 'supergateway, legacy session, stdio upstream',
    server: { peer: 'supergateway' },
    request: 'session',
    comparedWith: SESSION_STDIO,
  },
];
