import { Cancellation, onAbort, type AbortListener, type SignalSource } from './cancellation.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { referenceMember, targetMember } from './methods.ts';
import { Payload } from './payload.ts';
import { META, MODERN_VERSION, type Era, type LogLevel } from './protocol.ts';

/** Who is acting. Made by an edge's `authenticate`. */
export interface Principal {
  readonly subject: string;
  readonly scopes: ReadonlySet<string>;
  readonly issuer?: string;
}

/** A JSON-RPC id or a progress token. */
export type RequestId = string | number;

/** A conversation of which a call is part: a legacy session, or a connection that stays. What is kept for one caller is kept for one of these. */
export interface CallerSession {
  /** Aborts when the conversation is over. */
  readonly ended: AbortSignal;
  /** Whether it may have begun on another replica: what that one keeps for it is not here. */
  readonly isResumed: boolean;
  /** Ends it, because what it cannot go on without is gone; absent where a caller cannot be told. */
  readonly end?: ((reason: string) => void) | undefined;
  /**
   * Asks the caller outside of any call; absent where that cannot be.
   * @param method - `elicitation/create`, `sampling/createMessage` or `roots/list`
   * @throws McpError `method_not_found` if the caller listens to nothing, `missing_client_capability`, `timeout`
   */
  readonly ask?: ((method: string, params: JsonObject, signal: AbortSignal) => Promise<JsonObject>) | undefined;
}

/** One MCP request in flight, or a notification of an extension, as every {@link Handler} sees it: always in the modern form. */
export interface Call extends SignalSource {
  readonly method: string;
  /** What the call is about: a tool or prompt name, a resource URI; undefined for methods without a target. */
  readonly target: string | undefined;
  /** `params`, with the `_meta` of the modern era in it; bytes until someone looks. */
  readonly params: Payload<JsonObject>;
  /** The era the caller speaks; for information, the call itself is always modern. */
  readonly era: Era;
  /** Aborted by whoever may cancel the call: the caller's codec or a deadline. */
  readonly signal: AbortSignal;
  readonly principal: Principal | null;
  /** Which leg of a multi-round-trip this is; 0 for the first. */
  readonly round: number;
  /** The caller's token for progress; absent when it asked for none. */
  readonly progressToken?: RequestId | undefined;
  /** The least severe log message that the caller wants; absent when it wants none. */
  readonly logLevel?: LogLevel | undefined;
  /** `Mcp-Param-*` headers of the caller: intermediaries must forward them. */
  readonly paramHeaders?: Readonly<Record<string, string>> | undefined;
  /** The conversation that the call is part of; absent for a caller that keeps none, as modern ones over HTTP. */
  readonly session?: CallerSession | undefined;
  /** Whether it is a notification: whoever sent it gets no reply, however it ends. @defaultValue false */
  readonly isNotification?: boolean | undefined;
}

/** What a call says, without what may end it. */
export type CallFields = Omit<Call, keyof SignalSource>;

/**
 * A call on its way. Its signal is taken from its source when somebody looks: making an `AbortSignal` costs Node 20 3 µs,
 * and few look at it. What goes to functions of others is an {@link EdgeCall}.
 */
export class InnerCall implements Call {
  readonly method: string;
  readonly target: string | undefined;
  readonly params: Payload<JsonObject>;
  readonly era: Era;
  readonly principal: Principal | null;
  readonly round: number;
  readonly progressToken: RequestId | undefined;
  readonly logLevel: LogLevel | undefined;
  readonly paramHeaders: Readonly<Record<string, string>> | undefined;
  readonly session: CallerSession | undefined;
  readonly isNotification: boolean | undefined;
  readonly #source: SignalSource;

  constructor(call: CallFields, source: SignalSource) {
    this.method = call.method;
    this.target = call.target;
    this.params = call.params;
    this.era = call.era;
    this.principal = call.principal;
    this.round = call.round;
    this.progressToken = call.progressToken;
    this.logLevel = call.logLevel;
    this.paramHeaders = call.paramHeaders;
    this.session = call.session;
    this.isNotification = call.isNotification;
    this.#source = source;
  }

  get signal(): AbortSignal {
    return this.#source.signal;
  }

  onAbort(listener: AbortListener): () => void {
    return onAbort(this.#source, listener);
  }
}

/** One getter for all: with one each, every call would be a class of its own to V8. */
const OWN_SIGNAL: PropertyDescriptor = {
  ...Object.getOwnPropertyDescriptor(InnerCall.prototype, 'signal'),
  enumerable: true,
};

/** A call as functions of others get it. The signal is a member of its own: `{ ...call }` must have it. */
export class EdgeCall extends InnerCall {
  constructor(call: CallFields, source: SignalSource) {
    super(call, source);
    Object.defineProperty(this, 'signal', OWN_SIGNAL);
  }
}

/** What may be another in a call that is made of one. */
export type CallChanges = Partial<Pick<CallFields, 'target' | 'params' | 'era' | 'round' | 'paramHeaders'>>;

/** A call like another one, ended by what ends that; unlike `{ ...call }` it makes no signal. */
export const changedCall = (call: Call, changes: CallChanges): InnerCall =>
  new InnerCall(
    {
      method: call.method,
      target: changes.target ?? call.target,
      params: changes.params ?? call.params,
      era: changes.era ?? call.era,
      principal: call.principal,
      round: changes.round ?? call.round,
      progressToken: call.progressToken,
      logLevel: call.logLevel,
      paramHeaders: changes.paramHeaders ?? call.paramHeaders,
      session: call.session,
      isNotification: call.isNotification,
    },
    call,
  );

/** Who calls, as told to servers in `_meta`. */
export interface ClientIdentity {
  readonly name: string;
  readonly version: string;
}

/** What {@link createCall} fills in when it is not given. */
export interface CallOptions {
  /** @defaultValue a signal that never aborts */
  signal?: AbortSignal;
  /** @defaultValue null */
  principal?: Principal | null;
  /** Who calls. @defaultValue absent */
  clientInfo?: ClientIdentity;
  /** What the caller can be asked. @defaultValue `{}`: nothing */
  clientCapabilities?: JsonObject;
  progressToken?: RequestId;
  logLevel?: LogLevel;
  /** The conversation that the call is part of. @defaultValue none */
  session?: CallerSession;
  /** @defaultValue false: a reply is waited for */
  isNotification?: boolean;
}

/**
 * Makes a call from values, with the `_meta` of the modern era.
 *
 * @param method - e.g. `tools/call`
 * @param params - its members; `_meta` is completed, not replaced
 */
export const createCall = (method: string, params: JsonObject = {}, options: CallOptions = {}): Call =>
  new EdgeCall(fieldsOf(method, params, options), sourceOf(options));

/** The same for handlers of this project. */
export const createInnerCall = (method: string, params: JsonObject, options: CallOptions): Call =>
  new InnerCall(fieldsOf(method, params, options), sourceOf(options));

const sourceOf = ({ signal }: CallOptions): SignalSource => (signal ? { signal } : new Cancellation());

function fieldsOf(method: string, params: JsonObject, options: CallOptions): CallFields {
  return {
    method,
    target: targetOf(method, params),
    params: Payload.of({ ...params, _meta: metaOf(params, options) }),
    era: 'modern',
    principal: options.principal ?? null,
    round: 'requestState' in params || 'inputResponses' in params ? 1 : 0,
    progressToken: options.progressToken,
    logLevel: options.logLevel,
    paramHeaders: undefined,
    session: options.session,
    isNotification: options.isNotification,
  };
}

/** Cloned and set, which costs a fifth of adding members one by one. */
const REQUIRED_META: JsonObject = { [META.protocolVersion]: MODERN_VERSION, [META.clientCapabilities]: {} };

function metaOf({ _meta }: JsonObject, options: CallOptions): JsonObject {
  const meta: JsonObject = isJsonObject(_meta) ? { ..._meta, ...REQUIRED_META } : { ...REQUIRED_META };
  if (options.clientCapabilities) meta[META.clientCapabilities] = options.clientCapabilities;
  if (options.clientInfo) meta[META.clientInfo] = options.clientInfo;
  if (options.progressToken !== undefined) meta[META.progressToken] = options.progressToken;
  if (options.logLevel) meta[META.logLevel] = options.logLevel;
  return meta;
}

/**
 * Reads what a call of `method` with `params` is about.
 * @throws McpError `invalid_params` if a completion's reference can be read in two ways or in none
 */
export function targetOf(method: string, params: JsonObject): string | undefined {
  const member = targetMember(method);
  if (member === undefined) return undefined;
  const holder = member === 'ref' ? params.ref : params;
  if (!isJsonObject(holder)) return undefined;
  const { type, name, uri } = holder;
  const target = holder[member === 'ref' ? referenceMember({ type, name, uri }) : member];
  return typeof target === 'string' ? target : undefined;
}
