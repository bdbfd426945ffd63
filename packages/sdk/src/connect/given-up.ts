import type { Call, CallerSession, Principal } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';

/** How long a server may go on with a call that it was told to end. Unit: ms. */
const MAY_GO_ON_MS = 60_000;

interface GivenUpCall {
  readonly session: CallerSession | undefined;
  readonly principal: Principal | null;
  readonly until: number;
}

/** Whose calls were given up lately: their server may still work on them, and ask. */
export class GivenUpCalls {
  readonly #clock: Clock;
  #calls: readonly GivenUpCall[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes a call that was given up. */
  add(call: Call): void {
    const { session, principal } = call;
    // One for each caller: none of them can fill the memory.
    const others = this.#recent().filter((one) => !isOfSame(one, call) && !areBothNobody(one, call));
    this.#calls = [...others, { session, principal, until: this.#clock.now() + MAY_GO_ON_MS }];
  }

  /** Whether one of another caller than that of `call` is among them. */
  hasOfOthers(call: Call): boolean {
    return this.#recent().some((one) => !isOfSame(one, call));
  }

  #recent(): readonly GivenUpCall[] {
    const now = this.#clock.now();
    return this.#calls.filter(({ until }) => until > now);
  }
}

type Caller = Pick<Call, 'session' | 'principal'>;

const isOfSame = (one: Caller, other: Caller): boolean =>
  (one.session !== undefined && one.session === other.session) ||
  (one.principal !== null &&
    one.principal.subject === other.principal?.subject &&
    one.principal.issuer === other.principal.issuer);

const areBothNobody = (one: Caller, other: Caller): boolean =>
  [one, other].every(({ session, principal }) => session === undefined && principal === null);
