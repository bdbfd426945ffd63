import type { Connection } from './connection.ts';
import { Tally, type Load } from './load.ts';

/** When a run ends: by the time or, if given, by the number of calls. */
export interface Limit {
  readonly seconds: number;
  readonly calls?: number;
}

/** Calls in a closed loop: each connection sends again as soon as it has its answer. */
export async function driveClosed(connections: readonly Connection[], limit: Limit): Promise<Load> {
  await Promise.all(connections.map(({ connected }) => connected));
  const tally = new Tally();
  const end = performance.now() + limit.seconds * 1000;
  const isOver = (now: number): boolean => now >= end || tally.calls >= (limit.calls ?? Infinity);
  const run = (connection: Connection): Promise<void> =>
    new Promise((resolve) => {
      let sentAt = 0;
      const send = (now: number): void => {
        sentAt = now;
        connection.send(receive);
      };
      const receive = (isGood: boolean): void => {
        const now = performance.now();
        tally.add(sentAt, now, isGood);
        if (isOver(now)) resolve();
        else send(now);
      };
      send(performance.now());
    });
  return finish(connections, Promise.all(connections.map(run))).then(() => tally.toLoad());
}

/** A load that does not wait for answers. */
export interface Schedule {
  /** Calls per second, at even distances. */
  readonly rate: number;
  readonly seconds: number;
  /** Whether to look at the clock all the time, so that calls leave at their time; otherwise once in a millisecond. */
  readonly isExact: boolean;
}

/** Calls in an open loop: latencies are counted from when a call was due, so that no wait for a server is left out. */
export async function driveOpen(connections: readonly Connection[], schedule: Schedule): Promise<Load> {
  await Promise.all(connections.map(({ connected }) => connected));
  const sending = new OpenLoop(connections, schedule);
  return finish(connections, sending.run()).then(() => sending.tally.toLoad());
}

/** How long after its end a run may go on sending what was due before. Unit: ms. */
const GRACE_MS = 15_000;

class OpenLoop {
  readonly tally = new Tally();
  readonly #free: Connection[];
  readonly #schedule: Schedule;
  readonly #endsAt: number;
  #calls: number;
  readonly #startedAt = performance.now();
  #sent = 0;
  #onDone: () => void = () => undefined;

  constructor(connections: readonly Connection[], schedule: Schedule) {
    this.#free = [...connections];
    this.#schedule = schedule;
    this.#calls = Math.round(schedule.rate * schedule.seconds);
    this.#endsAt = this.#startedAt + schedule.seconds * 1000 + GRACE_MS;
  }

  run(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDone = resolve;
      this.#tick();
    });
  }

  #tick(): void {
    this.#sendDue(performance.now());
    if (this.#sent >= this.#calls) return;
    if (this.#schedule.isExact) setImmediate(() => this.#tick());
    else setTimeout(() => this.#tick(), 1);
  }

  #sendDue(now: number): void {
    while (this.#sent < this.#calls && this.#free.length > 0) {
      const dueAt = this.#startedAt + (this.#sent * 1000) / this.#schedule.rate;
      if (dueAt > now) return;
      this.#sent++;
      // In turn: a server closes connections that are idle for seconds.
      this.#send(this.#free.shift()!, dueAt);
    }
  }

  /** A server that is far too slow must not keep the run going: what was never sent has failed. */
  #giveUp(): void {
    this.tally.failed += this.#calls - this.#sent;
    this.#calls = this.#sent;
  }

  #send(connection: Connection, dueAt: number): void {
    connection.send((isGood) => {
      const now = performance.now();
      this.tally.add(dueAt, now, isGood);
      this.#free.push(connection);
      if (now > this.#endsAt) this.#giveUp();
      if (this.tally.calls === this.#calls) this.#onDone();
      else this.#sendDue(now);
    });
  }
}

async function finish(connections: readonly Connection[], done: Promise<unknown>): Promise<void> {
  try {
    await Promise.race([done, ...connections.map(({ lost }) => lost)]);
  } finally {
    for (const connection of connections) connection.close();
  }
}
