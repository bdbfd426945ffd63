import type { Clock } from '@org/mcp-sdk';
import { LinkedList, type ListItem } from '@org/mcp-sdk/wire';

/** Coarseness of deadlines. Unit: ms. */
const TICK_MS = 25;

/** Ticks of one turn of the wheel: 12.8 s. Later deadlines wait for a later turn. */
const SLOTS = 512;

/** What has a deadline. */
export interface Expirable {
  /** Told once, when the time is up. */
  expire(): void;
}

/** A time to come. */
export interface Deadline {
  /** Takes it back; does nothing once it has come. */
  cancel(): void;
}

/** Many deadlines on one timer. */
export interface Wheel {
  /** Sets a deadline, `ms` from now or up to 25 ms later. */
  after(ms: number, what: Expirable): Deadline;
  /** Drops everything. */
  close(): void;
}

/**
 * Creates a timer wheel: deadlines of one tick share a slot, and one timer serves all.
 *
 * @remarks A `setTimeout` for each call costs 11 µs, an entry of a slot less than 0.1 µs. Nothing runs while it is empty.
 */
export const createWheel = (clock: Clock): Wheel => new TimerWheel(clock);

class TimerWheel implements Wheel {
  readonly #clock: Clock;
  readonly #slots: (LinkedList<Entry> | undefined)[] = [];
  /** The tick whose entries ran last. */
  #last = 0;
  #size = 0;
  #stop: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  after(ms: number, what: Expirable): Deadline {
    const now = this.#clock.now();
    if (!this.#stop) {
      this.#last = Math.floor(now / TICK_MS);
      this.#schedule(now);
    }
    const tick = Math.max(Math.ceil((now + ms) / TICK_MS), this.#last + 1);
    this.#size++;
    return new Entry(tick, what, { slot: this.#slotAt(tick), onGone: this.#removed });
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
    for (const slot of this.#slots) for (const entry of slot?.values() ?? []) entry.cancel();
  }

  readonly #removed = (): void => {
    this.#size--;
  };

  #slotAt(tick: number): LinkedList<Entry> {
    return (this.#slots[tick % SLOTS] ??= new LinkedList());
  }

  #schedule(now: number): void {
    // On the tick, wherever in one it began: entries would be late by two ticks otherwise.
    this.#stop = this.#clock.after((Math.floor(now / TICK_MS) + 1) * TICK_MS - now, this.#turn);
  }

  readonly #turn = (): void => {
    this.#schedule(this.#clock.now());
    const now = Math.floor(this.#clock.now() / TICK_MS);
    // After a leap each slot is looked at once.
    this.#last = Math.max(this.#last, now - SLOTS);
    while (this.#last < now) {
      const tick = ++this.#last;
      for (const entry of this.#slotAt(tick).values()) if (entry.tick <= tick) entry.expire();
    }
    if (this.#size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  };
}

interface Place {
  readonly slot: LinkedList<Entry>;
  readonly onGone: () => void;
}

class Entry implements Deadline {
  readonly tick: number;
  readonly #what: Expirable;
  readonly #item: ListItem<Entry>;
  readonly #onGone: () => void;

  constructor(tick: number, what: Expirable, { slot, onGone }: Place) {
    this.tick = tick;
    this.#what = what;
    this.#onGone = onGone;
    this.#item = slot.add(this);
  }

  cancel(): boolean {
    const isIn = this.#item.remove();
    if (isIn) this.#onGone();
    return isIn;
  }

  expire(): void {
    if (this.cancel()) this.#what.expire();
  }
}
