import { isJsonObject, McpError, type Clock, type JsonObject, type Payload } from '@org/mcp-sdk';
import {
  digestOf,
  isQuestion,
  mayAsk,
  peekResult,
  questionOf,
  replaceMember,
  requireCapability,
  type Seal,
} from '@org/mcp-sdk/wire';
import { changedRouted, type RoutedCall } from '../core/routed-call.ts';
import type { Endpoint } from '../core/upstream.ts';
import { endpointAt, placeOf, type Place } from './place.ts';
import type { RestampResult } from './restamp.ts';

/** What states are sealed with. */
export interface RequestStatesOptions {
  /** Of the gateway, or the view: a state is not good for another one that has the same secret. */
  readonly name: string;
  readonly seal: Seal;
  readonly clock: Clock;
  /** Tells this gateway from its replicas, and from what it was before a restart. */
  readonly replica: string;
}

/** Methods whose results may ask. */
const ASKING = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** How long a caller may take to answer. Unit: ms. A day; an upstream may have less patience. */
const LIFETIME_MS = 24 * 60 * 60 * 1000;

/** What a state holds. */
interface SealedState {
  readonly place: Place;
  /** The one gateway that holds the call; absent for upstreams that hold nothing. */
  readonly replica?: string;
  /** What it is good for. */
  readonly bound: string;
  readonly expires: number;
  readonly state: string;
}

/**
 * The `requestState` of upstreams, as callers get it: sealed, and good for the same call of the same principal only.
 * Upstreams cannot see to that, for to them all callers are this gateway.
 */
export class RequestStates {
  readonly #options: RequestStatesOptions;
  readonly #purpose: string;

  constructor(options: RequestStatesOptions) {
    this.#options = options;
    this.#purpose = `request state of ${options.name}`;
  }

  /**
   * Puts the upstream's own state into a retry, which goes back to where it came from.
   * @throws McpError `invalid_params` if the state is not one of this call, or has expired
   */
  open(call: RoutedCall): RoutedCall | Promise<RoutedCall> {
    if (call.round === 0 || !ASKING.has(call.method)) return call;
    const { requestState } = call.params.value;
    return requestState === undefined ? call : this.#open(call, requestState);
  }

  /** Seals what a result asks for the caller of its call. */
  readonly restamp: RestampResult = (result, { call, endpoint }) => {
    if (!mayAsk(result)) return result;
    if (ASKING.has(call.method)) return this.#seal(result, call, endpoint);
    return call.method === 'completion/complete' ? refuseQuestion(result) : result;
  };

  async #open(call: RoutedCall, requestState: unknown): Promise<RoutedCall> {
    const { seal, clock, replica } = this.#options;
    const opened = typeof requestState === 'string' ? await seal.open(this.#purpose, requestState) : undefined;
    // Sealed for this purpose, so it is what #seal() wrote.
    const content = opened as SealedState | undefined;
    const { upstream } = call.route;
    if (!content || content.place.upstream !== upstream.name || content.bound !== (await boundTo(call)))
      throw new McpError('invalid_params', 'params.requestState is not one of this call.');
    if (content.expires <= clock.wallClock())
      throw new McpError('invalid_params', 'params.requestState has expired; call again without it.');
    if (content.replica !== undefined && content.replica !== replica)
      throw new McpError(
        'invalid_params',
        'params.requestState is of a call that another replica of this gateway holds, or held before it was started anew: send the retry there, or call again without it.',
      );
    const params = replaceMember(call.params, 'requestState', content.state);
    const endpoint = content.replica === undefined ? undefined : endpointAt(upstream, content.place);
    return changedRouted(call, { params }, { ...call.route, ...(endpoint ? { endpoint } : {}) });
  }

  async #seal(result: Payload<JsonObject>, call: RoutedCall, endpoint: Endpoint): Promise<Payload<JsonObject>> {
    if (peekResult(result) !== 'input_required') return result;
    const { requestState, inputRequests } = result.value;
    checkQuestions(inputRequests, call);
    if (typeof requestState !== 'string') return result;
    const { seal, clock, replica } = this.#options;
    const content: SealedState = {
      place: placeOf(call.route.upstream, endpoint),
      ...(isHeldBy(endpoint) ? { replica } : {}),
      bound: await boundTo(call),
      expires: clock.wallClock() + LIFETIME_MS,
      state: requestState,
    };
    return replaceMember(result, 'requestState', await seal.seal(this.#purpose, { ...content }));
  }
}

/** @throws McpError `missing_client_capability` if a server asks what the caller has not declared */
function checkQuestions(inputRequests: unknown, call: RoutedCall): void {
  for (const asked of Object.values(isJsonObject(inputRequests) ? inputRequests : {})) {
    const { method, params } = isJsonObject(asked) ? asked : {};
    // What else there is to ask, an extension defines.
    if (isQuestion(method)) requireCapability(questionOf(method, isJsonObject(params) ? params : {}), call);
  }
}

function refuseQuestion(result: Payload<JsonObject>): Payload<JsonObject> {
  if (peekResult(result) !== 'input_required') return result;
  throw new McpError('unavailable', 'it asks where nothing can be asked');
}

/** A legacy server's call is held here while its caller answers. */
const isHeldBy = ({ state }: Endpoint): boolean => state.status !== 'ready' || state.connection.era === 'legacy';

/** A state is good for this principal, this function and these arguments. */
function boundTo({ principal, method, route, params }: RoutedCall): Promise<string> {
  const who = principal && [principal.issuer ?? null, principal.subject];
  return digestOf([who, method, route.target, params.value.arguments ?? null]);
}
