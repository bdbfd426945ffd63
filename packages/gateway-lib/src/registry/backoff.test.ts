import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { check, seededRandom } from '../../test/support/property.ts';
import { createBackoff } from './backoff.ts';

const middle = { next: () => 0.5, bytes: () => new Uint8Array() };

describe('a backoff', () => {
  it('doubles from 100 ms to 2 s', () => {
    const backoff = createBackoff(new FakeClock(), middle);
    const pauses = Array.from({ length: 7 }, () => Math.round(backoff.next(false) ?? 0));
    expect(pauses).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000]);
  });

  it('varies by a fifth each way, whatever chance says', () => {
    check(
      fc.property(fc.integer(), fc.nat(12), (seed, failures) => {
        const backoff = createBackoff(new FakeClock(), seededRandom(seed));
        for (let failure = 0; failure < failures; failure++) backoff.next(false);
        const pause = backoff.next(false) ?? 0;
        const base = Math.min(100 * 2 ** failures, 2_000);
        expect(pause).toBeGreaterThanOrEqual(base * 0.8);
        expect(pause).toBeLessThanOrEqual(base * 1.2);
      }),
    );
  });

  it('does not knock in step with others', () => {
    const random = seededRandom();
    const pauses = Array.from({ length: 20 }, () => createBackoff(new FakeClock(), random).next(false));
    expect(new Set(pauses).size).toBe(20);
  });

  it('starts anew after a success', () => {
    const backoff = createBackoff(new FakeClock(), middle);
    backoff.next(false);
    backoff.next(false);
    backoff.succeeded();
    expect(backoff.next(false)).toBeCloseTo(100);
  });

  it('gives up at the sixth crash within a minute, though attempts succeeded between', () => {
    const clock = new FakeClock();
    const backoff = createBackoff(clock, middle);
    for (let crash = 1; crash < 6; crash++) {
      expect(backoff.next(true)).toBeDefined();
      backoff.succeeded();
      clock.advance(10_000);
    }
    expect(backoff.next(true)).toBeUndefined();
  });

  it('forgets crashes after a minute', () => {
    const clock = new FakeClock();
    const backoff = createBackoff(clock, middle);
    for (let crash = 0; crash < 50; crash++) {
      expect(backoff.next(true)).toBeDefined();
      clock.advance(12_001);
    }
  });

  it('never gives up on what did not crash', () => {
    const backoff = createBackoff(new FakeClock(), middle);
    for (let failure = 0; failure < 50; failure++) expect(backoff.next(false)).toBeDefined();
  });

  it('forgets everything when it is reset', () => {
    const backoff = createBackoff(new FakeClock(), middle);
    for (let crash = 0; crash < 6; crash++) backoff.next(true);
    backoff.reset();
    expect(backoff.next(true)).toBeCloseTo(100);
  });
});
