import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createWheel } from '../core/wheel.ts';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { deferred, type Deferred } from '../../test/support/fakes.ts';
import { checkAsync } from '../../test/support/property.ts';
import { Liveness } from './liveness.ts';

let clock: FakeClock;
let pings: (Deferred<void> & { signal: AbortSignal })[];
let deaths: number[];
let silences: number[];
let liveness: Liveness;

const SILENCE_MS = 900;

/** Moves time on in small steps, so that promises can follow. */
async function advance(ms: number): Promise<void> {
  const until = clock.now() + ms;
  while (clock.now() < until) {
    clock.advance(Math.min(5, until - clock.now()));
    await settled();
  }
}

const setUp = (pingMs = 0): void => {
  clock = new FakeClock();
  pings = [];
  deaths = [];
  silences = [];
  liveness = new Liveness({
    silenceMs: SILENCE_MS,
    pingMs,
    clock,
    wheel: createWheel(clock),
    ping(signal) {
      const ping = Object.assign(deferred(), { signal });
      pings.push(ping);
      signal.addEventListener('abort', () => {
        ping.reject(signal.reason);
      });
      return ping.promise;
    },
    onDead(silentMs) {
      deaths.push(clock.now());
      silences.push(silentMs);
    },
  });
};

beforeEach(() => {
  setUp();
});

describe('a liveness watch', () => {
  it('asks nothing of an endpoint without calls', async () => {
    await advance(5_000);
    expect(pings).toHaveLength(0);
    expect(clock.waiting).toBe(0);
  });

  it('asks nothing of an endpoint that answers calls', async () => {
    for (let call = 0; call < 20; call++) {
      liveness.enter();
      await advance(100);
      liveness.leave(true);
    }
    await advance(2_000);
    expect(pings).toHaveLength(0);
    expect(deaths).toEqual([]);
  });

  it('finds an endpoint dead that neither answers calls nor the question, within the time of silence', async () => {
    liveness.enter();
    await advance(SILENCE_MS + 50);
    expect(pings).toHaveLength(1);
    expect(pings[0]?.signal.aborted).toBe(true);
    expect(deaths).toHaveLength(1);
    expect(deaths[0]).toBeLessThanOrEqual(SILENCE_MS + 50);
  });

  it('gives a server that is far away more time for its answer', async () => {
    setUp(2_000);
    liveness.enter();
    await advance(2_300);
    expect(pings[0]?.signal.aborted).toBe(false);
    expect(deaths).toEqual([]);
    await advance(300);
    expect(deaths).toHaveLength(1);
  });

  it('says how long it was silent', async () => {
    setUp(2_000);
    liveness.enter();
    await advance(3_000);
    expect(silences[0]).toBeGreaterThanOrEqual(2_450);
    expect(silences[0]).toBe(deaths[0]);
  });

  it('says so once', async () => {
    liveness.enter();
    await advance(5_000);
    expect(deaths).toHaveLength(1);
  });

  it('lets a slow tool work as long as the question is answered', async () => {
    liveness.enter();
    for (let step = 0; step < 50; step++) {
      await advance(200);
      pings.forEach((ping) => {
        ping.resolve();
      });
    }
    expect(pings.length).toBeGreaterThan(5);
    expect(deaths).toEqual([]);
  });

  it('takes the answer to a call for a sign while the question is open', async () => {
    liveness.enter();
    liveness.enter();
    await advance(500);
    expect(pings).toHaveLength(1);
    liveness.leave(true);
    await advance(500);
    expect(deaths).toEqual([]);
    await advance(1_000);
    expect(deaths).toHaveLength(1);
  });

  it('does not take a call that failed for a sign', async () => {
    liveness.enter();
    liveness.enter();
    await advance(500);
    liveness.leave(false);
    await advance(500);
    expect(deaths).toHaveLength(1);
  });

  it('stops when the last call has ended', async () => {
    liveness.enter();
    await advance(100);
    liveness.leave(true);
    await advance(1_000);
    expect(clock.waiting).toBe(0);
  });

  it('watches again after a pause', async () => {
    liveness.enter();
    liveness.leave(true);
    await advance(10_000);
    liveness.enter();
    await advance(SILENCE_MS + 50);
    expect(deaths).toHaveLength(1);
  });

  it('finds a freeze within the time of silence, whatever was answered before it', async () => {
    const answered = fc.array(fc.integer({ min: 5, max: 400 }), { maxLength: 8 });
    await checkAsync(
      fc.asyncProperty(answered, async (gaps) => {
        setUp();
        liveness.enter();
        for (const gap of gaps) {
          liveness.enter();
          await advance(gap);
          liveness.leave(true);
        }
        const frozen = clock.now();
        await advance(2_000);
        expect(deaths).toHaveLength(1);
        expect(deaths[0]! - frozen).toBeLessThanOrEqual(SILENCE_MS + 60);
      }),
      25,
    );
  });
});
