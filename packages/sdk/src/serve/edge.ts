import type { Principal } from '../core/call.ts';
import type { Bus } from '../core/bus.ts';
import { systemClock, type Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import { systemRandom, type Random } from '../core/random.ts';
import type { Store } from '../core/store.ts';
import { silentTelemetry, type Telemetry } from '../core/telemetry.ts';
import { DEFAULT_JSON_LIMITS, type JsonLimits } from '../wire/json-reader.ts';

/** Limits on what a peer may send. */
export interface EdgeLimits extends JsonLimits {
  /** Length of one message. Unit: bytes, from 1. @defaultValue 4_194_304 (4 MiB): a photo as Base64 fits */
  readonly maxBytes: number;
}

/** What is checked on every HTTP message before its body is read. */
export interface EdgeOptions {
  /**
   * Origins that browsers may send, e.g. `https://app.example.com`.
   * @defaultValue none but loopback ones: a web page must not reach a local server by DNS rebinding
   */
  origins?: readonly string[];
  /**
   * Host names that the `Host` header may name besides loopback ones. Checked where the listener is on loopback, and
   * everywhere once given.
   * @defaultValue `[]`
   */
  hosts?: readonly string[];
  limits?: Partial<EdgeLimits>;
  /**
   * Establishes who is acting.
   * @param header - reads a header of the request by its lower-case name
   * @returns the principal, or null for an anonymous caller
   * @throws McpError `unauthenticated` or `forbidden` to refuse
   */
  authenticate?: (header: (name: string) => string | undefined) => Promise<Principal | null> | Principal | null;
  /**
   * Whether legacy callers get a session. Without one they cannot be asked, told of changes or cancel.
   * @defaultValue true
   */
  legacySessions?: boolean;
  /**
   * Whether callers of HTTP+SSE, the transport of 2024-11-05, are served at the same URL: a GET opens their stream, and
   * names where messages are posted.
   * @defaultValue false: newer clients do not need it, and each of these holds a connection
   */
  sse?: boolean;
  /** Where refusals are told. @defaultValue nowhere */
  telemetry?: Telemetry;
  /**
   * Key of session tokens; at least 32 bytes. Replicas that share it resume each other's sessions.
   * @defaultValue a random one: sessions end with the process
   */
  secret?: Uint8Array<ArrayBuffer>;
  /**
   * Whom session tokens are for: servers that have the same secret refuse those of each other.
   * @defaultValue the name of the server or gateway
   */
  audience?: string;
  /**
   * Keeps what legacy sessions have said, so that a replica with the same `secret` and store goes on with them: log
   * level, watched resources, and that they have ended.
   * @defaultValue none: a session that comes back after a restart has no log level and watches nothing
   */
  store?: Store;
  /**
   * By which replicas tell each other what cannot wait, so that no request need come to the replica of the ones before:
   * answers to questions, cancellations, and changes of a session. Needs `store`.
   * @defaultValue none: a balancer must send the requests of one session to one replica as long as it is there
   */
  bus?: Bus;
  /** A legacy session that is not used for this long has ended. Unit: ms, 1 to 2_147_483_647. @defaultValue 28_800_000: 8 hours */
  sessionIdleMs?: number;
  /** Pause between the comments that keep a quiet stream open. Unit: ms, 1 to 2_147_483_647. @defaultValue 15_000: proxies cut at 30 to 60 s */
  keepAliveMs?: number;
  /**
   * After this time a legacy call that has told nothing yet gives its connection back; its client comes for the reply
   * (SEP-1699). For clients of 2025-11-25. Unit: ms, 1 to 2_147_483_647. @defaultValue never
   */
  pollAfterMs?: number;
  clock?: Clock;
  random?: Random;
}

/** {@link EdgeOptions} with nothing left open. */
export interface Edge {
  readonly limits: EdgeLimits;
  readonly keepAliveMs: number;
  readonly pollAfterMs: number | undefined;
  readonly secret: Uint8Array<ArrayBuffer>;
  readonly audience: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly legacySessions: boolean;
  readonly sse: boolean;
  readonly store: Store | undefined;
  readonly bus: Bus | undefined;
  readonly sessionIdleMs: number;
  /** Lets a request pass or throws; a promise only where somebody has to be asked who that is. */
  admit(request: EdgeRequest): Promise<Principal | null> | Principal | null;
}

/** What the edge looks at. */
export interface EdgeRequest {
  /** Reads a header by its lower-case name. */
  header(name: string): string | undefined;
  /** Whether the connection came in on a loopback address. */
  readonly onLoopback: boolean;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);
const SECRET_BYTES = 32;

/** Timers that are longer run at once. Unit: ms. */
const MAX_TIMER_MS = 2_147_483_647;

/**
 * Completes the options.
 * @throws McpError `invalid_options` naming the option, its value and what is allowed
 */
export function resolveEdge(options: EdgeOptions = {}): Edge {
  const origins = new Set((options.origins ?? []).map(parseOrigin));
  const hosts = options.hosts && new Set(options.hosts.map(parseHost));
  const random = options.random ?? systemRandom;
  return {
    limits: resolveLimits(options.limits),
    keepAliveMs: positive('keepAliveMs', options.keepAliveMs ?? 15_000, MAX_TIMER_MS),
    pollAfterMs:
      options.pollAfterMs === undefined ? undefined : positive('pollAfterMs', options.pollAfterMs, MAX_TIMER_MS),
    secret: checkSecret(options.secret ?? random.bytes(SECRET_BYTES)),
    random,
    clock: options.clock ?? systemClock,
    telemetry: options.telemetry ?? silentTelemetry,
    ...resolveSessions(options),
    admit(request) {
      checkHost(request, hosts);
      checkOrigin(request, origins);
      return options.authenticate ? authenticated(options.authenticate, request) : null;
    },
  };
}

/** Waits only for who answers with a promise, of whatever kind: one that is not waited for would be a principal. */
function authenticated(
  authenticate: NonNullable<EdgeOptions['authenticate']>,
  request: EdgeRequest,
): Promise<Principal | null> | Principal | null {
  const found = authenticate((name) => request.header(name));
  return isThenable(found) ? awaited(found) : orNobody(found);
}

const isThenable = (value: object | null | undefined): value is PromiseLike<Principal | null> =>
  value !== null && value !== undefined && 'then' in value;

const awaited = async (found: PromiseLike<Principal | null>): Promise<Principal | null> => orNobody(await found);

/** JavaScript may return nothing: anonymous too. */
const orNobody = (found: Principal | null | undefined): Principal | null => found ?? null;

type SessionSettings = Pick<Edge, 'audience' | 'legacySessions' | 'sse' | 'store' | 'bus' | 'sessionIdleMs'>;

function resolveSessions(options: EdgeOptions): SessionSettings {
  const { audience = '', legacySessions = true, store, sessionIdleMs = 8 * 60 * 60 * 1000 } = options;
  return {
    audience,
    legacySessions,
    sse: checkSse(options),
    store: checkPort('store', store, ['get', 'set', 'add', 'replace', 'delete']),
    bus: checkBus(options),
    sessionIdleMs: positive('sessionIdleMs', sessionIdleMs, MAX_TIMER_MS),
  };
}

function checkSecret(secret: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const given: unknown = secret;
  if (!(given instanceof Uint8Array)) throw invalid('secret', 'no Uint8Array', `at least ${SECRET_BYTES} bytes`);
  if (given.length >= SECRET_BYTES) return secret;
  throw invalid('secret', `${given.length} bytes`, `at least ${SECRET_BYTES} bytes`);
}

/** A session of HTTP+SSE is a session. */
function checkSse({ sse = false, legacySessions = true }: EdgeOptions): boolean {
  if (!sse || legacySessions) return sse;
  throw invalid('sse', 'true', 'true only if legacySessions is not false');
}

function checkBus({ store, bus }: EdgeOptions): Bus | undefined {
  if (bus && !store) throw invalid('bus', 'there without a store', 'a bus beside a store');
  return checkPort('bus', bus, ['publish', 'subscribe']);
}

function checkPort<T>(path: string, port: T, methods: readonly (keyof NonNullable<T> & string)[]): T {
  const given: unknown = port;
  if (given === undefined) return port;
  if (isJsonObject(given) && methods.every((method) => typeof given[method] === 'function')) return port;
  throw invalid(path, 'something else', `an object with the methods ${methods.join(', ')}`);
}

function resolveLimits(limits: Partial<EdgeLimits> = {}): EdgeLimits {
  const resolved = { maxBytes: 4 * 1024 * 1024, ...DEFAULT_JSON_LIMITS, ...limits };
  for (const [name, value] of Object.entries(resolved)) positive(`limits.${name}`, value);
  return resolved;
}

function positive(path: string, value: number, max = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return value;
  throw invalid(path, String(value), `an integer from 1${max < Number.MAX_SAFE_INTEGER ? ` to ${max}` : ''}`);
}

const invalid = (path: string, value: string, allowed: string): McpError =>
  new McpError('invalid_options', `${path} is ${value}; allowed: ${allowed}.`);

function parseOrigin(origin: string): string {
  const parsed = URL.canParse(origin) ? new URL(origin).origin : 'null';
  if (parsed === 'null')
    throw invalid('origins', JSON.stringify(origin), 'an origin such as "https://app.example.com"');
  return parsed;
}

function parseHost(host: string): string {
  if (host !== '' && hostName(host) === host.toLowerCase()) return host.toLowerCase();
  throw invalid('hosts', JSON.stringify(host), 'a host name without a port such as "app.example.com"');
}

function checkHost(request: EdgeRequest, hosts: ReadonlySet<string> | undefined): void {
  if (!request.onLoopback && !hosts) return;
  const host = hostName(request.header('host'));
  if (LOOPBACK.has(host) || hosts?.has(host)) return;
  throw new McpError('forbidden', `The Host header names "${host.slice(0, 80)}", which is not served here.`);
}

function checkOrigin(request: EdgeRequest, origins: ReadonlySet<string>): void {
  const origin = request.header('origin');
  if (origin === undefined || origins.has(origin)) return;
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url && LOOPBACK.has(url.hostname) && LOOPBACK.has(hostName(request.header('host')))) return;
  throw new McpError('forbidden', `The origin "${origin.slice(0, 80)}" is not allowed.`);
}

/** The name in a Host header, without the port. */
function hostName(host = ''): string {
  const bracket = host.indexOf(']');
  const colon = host.indexOf(':', Math.max(bracket, 0));
  return (colon < 0 ? host : host.slice(0, colon)).toLowerCase();
}
