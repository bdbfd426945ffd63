import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { check } from '../../test/support/property.ts';
import { createWheel } from './wheel.ts';

describe('a timer wheel', () => {
  it('calls back once, not before the time', () => {
    const clock = new FakeClock();
    let calls = 0;
    createWheel(clock).after(100, { expire: () => calls++ });
    clock.advance(99);
    expect(calls).toBe(0);
    clock.advance(26);
    expect(calls).toBe(1);
    clock.advance(1_000);
    expect(calls).toBe(1);
  });

  it('sets no timer into the past, though time goes on while it looks', () => {
    const times = [0, 24.9, 25.1, 25.3];
    const waits: number[] = [];
    const clock = {
      now: () => times.shift() ?? 26,
      wallClock: () => 0,
      after: (ms: number) => {
        waits.push(ms);
        return () => undefined;
      },
    };
    createWheel(clock).after(100, { expire: () => undefined });
    expect(waits.every((ms) => ms > 0)).toBe(true);
  });

  it('calls back up to 25 ms late, whenever it was asked', () => {
    const step = fc.record({ wait: fc.nat(60), ms: fc.integer({ min: 1, max: 30_000 }) });
    check(
      fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
        const clock = new FakeClock();
        const wheel = createWheel(clock);
        const lateness: number[] = [];
        for (const { wait, ms } of steps) {
          clock.advance(wait);
          const due = clock.now() + ms;
          wheel.after(ms, { expire: () => lateness.push(clock.now() - due) });
        }
        clock.advance(40_000);
        expect(lateness).toHaveLength(steps.length);
        expect(Math.min(...lateness)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...lateness)).toBeLessThanOrEqual(25);
      }),
    );
  });

  it('calls back in the order of the deadlines', () => {
    const clock = new FakeClock();
    const wheel = createWheel(clock);
    const order: string[] = [];
    wheel.after(200, { expire: () => order.push('late') });
    wheel.after(50, { expire: () => order.push('early') });
    clock.advance(400);
    expect(order).toEqual(['early', 'late']);
  });

  it('forgets what was cancelled', () => {
    const clock = new FakeClock();
    const wheel = createWheel(clock);
    let calls = 0;
    const deadline = wheel.after(50, { expire: () => calls++ });
    wheel.after(50, { expire: () => (calls += 10) });
    deadline.cancel();
    deadline.cancel();
    clock.advance(200);
    expect(calls).toBe(10);
  });

  it('lets an entry add another, also for at once', () => {
    const clock = new FakeClock();
    const wheel = createWheel(clock);
    const calls: number[] = [];
    wheel.after(50, { expire: () => wheel.after(0, { expire: () => calls.push(clock.now()) }) });
    clock.advance(200);
    expect(calls).toHaveLength(1);
    expect(calls[0]).toBeLessThanOrEqual(100);
  });

  it('catches up after the clock leapt', () => {
    const leap = Object.assign(new FakeClock(), { skip: 0 });
    const clock = { now: () => leap.now() + leap.skip, wallClock: () => 0, after: leap.after.bind(leap) };
    const wheel = createWheel(clock);
    let calls = 0;
    wheel.after(10_000, { expire: () => calls++ });
    wheel.after(20_000, { expire: () => calls++ });
    leap.skip = 60_000;
    leap.advance(50);
    expect(calls).toBe(2);
  });

  it('has one timer however many entries, and none while it is empty', () => {
    const clock = new FakeClock();
    const wheel = createWheel(clock);
    expect(clock.waiting).toBe(0);
    for (let ms = 1; ms <= 200; ms++) wheel.after(ms, { expire: () => undefined });
    expect(clock.waiting).toBe(1);
    clock.advance(300);
    expect(clock.waiting).toBe(0);
    wheel.after(30, { expire: () => undefined });
    expect(clock.waiting).toBe(1);
  });

  it('stops the timer once everything was cancelled', () => {
    const clock = new FakeClock();
    const wheel = createWheel(clock);
    wheel.after(60_000, { expire: () => undefined }).cancel();
    clock.advance(100);
    expect(clock.waiting).toBe(0);
  });

  it('drops everything when it closes', () => {
    const clock = new FakeClock();
    const wheel = createWheel(clock);
    let calls = 0;
    wheel.after(50, { expire: () => calls++ });
    wheel.close();
    wheel.close();
    clock.advance(200);
    expect(calls).toBe(0);
    expect(clock.waiting).toBe(0);
  });
});
