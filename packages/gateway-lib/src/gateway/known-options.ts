import { isJsonObject } from '@org/mcp-sdk';
import { isStrings, type Check } from './check.ts';
import type {
  ChildEndpoint,
  GatewayOptions,
  HttpEndpoint,
  InProcessEndpoint,
  UpstreamOptions,
  UpstreamSettings,
} from './options.ts';

/** What an option may be; undefined where it is looked at elsewhere. */
type Kind = readonly [allowed: string, is: (value: unknown) => boolean] | undefined;

const ELSEWHERE: Kind = undefined;
const TEXT: Kind = ['a string that is not empty', (value) => typeof value === 'string' && value !== ''];
const FUNCTION: Kind = ['a function', (value) => typeof value === 'function'];
const BOOLEAN: Kind = ['true or false', (value) => typeof value === 'boolean'];
const STRINGS: Kind = ['an array of strings', isStrings];
const OBJECT: Kind = ['an object', isJsonObject];

const port = (...methods: readonly string[]): Kind => [
  `an object with the methods ${methods.join(', ')}`,
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    methods.every((name) => typeof Reflect.get(value, name) === 'function'),
];

/** A type that lacks no key, so that each new option is known here too. */
type KindsOf<T> = Readonly<Record<keyof T, Kind>>;

const GATEWAY: KindsOf<GatewayOptions> = {
  upstreams: ELSEWHERE,
  name: TEXT,
  version: TEXT,
  instructions: ['a string', (value) => typeof value === 'string'],
  use: ['an array of functions', (value) => Array.isArray(value) && value.every((each) => typeof each === 'function')],
  ...{ naming: ELSEWHERE, names: ELSEWHERE, resources: ELSEWHERE, pageSize: ELSEWHERE },
  ...{
    listTimeoutMs: ELSEWHERE,
    drainMs: ELSEWHERE,
    keepAliveMs: ELSEWHERE,
    pollAfterMs: ELSEWHERE,
    secret: ELSEWHERE,
  },
  ...{ origins: STRINGS, hosts: STRINGS, limits: OBJECT, authenticate: FUNCTION, audience: TEXT },
  ...{ legacySessions: BOOLEAN, sse: BOOLEAN },
  telemetry: port('record'),
  profiler: port('take'),
  clock: port('now', 'wallClock', 'after'),
  random: port('next', 'bytes'),
  store: port('get', 'set', 'add', 'replace', 'delete'),
  bus: port('publish', 'subscribe'),
  sessionIdleMs: ELSEWHERE,
};

const LIMITS: KindsOf<NonNullable<GatewayOptions['limits']>> = {
  ...{ maxBytes: ELSEWHERE, maxDepth: ELSEWHERE, maxElements: ELSEWHERE },
};

const SETTINGS: KindsOf<UpstreamSettings & Pick<UpstreamOptions, 'tools' | 'prompts' | 'resources'>> = {
  ...{ timeoutMs: ELSEWHERE, connectTimeoutMs: ELSEWHERE, livenessMs: ELSEWHERE },
  ...{ isolation: ELSEWHERE, roots: ELSEWHERE, tools: ELSEWHERE, prompts: ELSEWHERE, resources: ELSEWHERE },
};

const SERVER: KindsOf<InProcessEndpoint> = { server: ELSEWHERE };
const CHILD: KindsOf<ChildEndpoint> = {
  ...{ command: ELSEWHERE, args: ELSEWHERE, env: ELSEWHERE, cwd: ELSEWHERE, clientCapabilities: ELSEWHERE },
};
const REMOTE: KindsOf<HttpEndpoint> = { url: ELSEWHERE, headers: ELSEWHERE, dispatcher: ELSEWHERE, fetch: FUNCTION };

const ENDPOINTS = { server: SERVER, command: CHILD, url: REMOTE } as const;

/** Looks at the options of a gateway that nothing else looks at, and finds those that are misspelt. */
export function checkGateway(options: GatewayOptions, check: Check): void {
  checkMembers('', options, { kinds: GATEWAY, check });
  if (isJsonObject(options.limits)) checkMembers('limits.', options.limits, { kinds: LIMITS, check });
}

/** Finds the misspelt options of an upstream, its endpoint included if it has no list of them. */
export function checkSettings(path: string, upstream: object, check: Check): void {
  const endpoint = 'endpoints' in upstream ? { endpoints: ELSEWHERE } : kindsOfEndpoint(upstream);
  if (endpoint) checkMembers(`${path}.`, upstream, { kinds: { ...endpoint, ...SETTINGS }, check });
}

/** Finds the misspelt options of one of several endpoints. */
export function checkListed(path: string, endpoint: object, check: Check): void {
  const kinds = kindsOfEndpoint(endpoint);
  if (kinds) checkMembers(`${path}.`, endpoint, { kinds, check });
}

/** Undefined where it is not one kind of endpoint, which is told elsewhere. */
function kindsOfEndpoint(endpoint: object): Readonly<Record<string, Kind>> | undefined {
  const [kind, another] = Object.entries(ENDPOINTS).filter(([key]) => key in endpoint);
  return another ? undefined : kind?.[1];
}

function checkMembers(
  prefix: string,
  given: object,
  { kinds, check }: { readonly kinds: Readonly<Record<string, Kind>>; readonly check: Check },
): void {
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(kinds, key)) check.misspelt(`${prefix}${key}`, Object.keys(kinds));
    const kind = Object.hasOwn(kinds, key) ? kinds[key] : undefined;
    if (kind && value !== undefined && !kind[1](value)) check.kind(`${prefix}${key}`, value, kind[0]);
  }
}
