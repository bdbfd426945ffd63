import { McpError } from '@org/mcp-sdk';
import { expect, test } from 'vitest';
import { createFakeClock } from './fake-clock.ts';

test('a fake clock stands still until it is moved, and both its times move alike', () => {
  const clock = createFakeClock(1_000);
  expect([clock.now(), clock.wallClock()]).toEqual([0, 1_000]);
  clock.advance(250);
  expect([clock.now(), clock.wallClock()]).toEqual([250, 1_250]);
});

test('timers run once, in the order of time, and see the time they were set for', () => {
  const clock = createFakeClock();
  const seen: string[] = [];
  clock.after(20, () => seen.push(`late ${clock.now()}`));
  clock.after(10, () => seen.push(`early ${clock.now()}`));
  clock.after(10, () => seen.push(`early, too ${clock.now()}`));
  clock.advance(9);
  expect(seen).toEqual([]);
  clock.advance(100);
  clock.advance(100);
  expect(seen).toEqual(['early 10', 'early, too 10', 'late 20']);
});

test('a timer that a timer starts runs in the same advance if it is due in it', () => {
  const clock = createFakeClock();
  const seen: number[] = [];
  const tick = (): void => {
    seen.push(clock.now());
    clock.after(10, tick);
  };
  clock.after(10, tick);
  clock.advance(35);
  expect(seen).toEqual([10, 20, 30]);
  expect(clock.waiting).toBe(1);
});

test('a cancelled timer does not run and is not waited for', () => {
  const clock = createFakeClock();
  const stop = clock.after(10, () => expect.unreachable());
  expect(clock.waiting).toBe(1);
  stop();
  expect(clock.waiting).toBe(0);
  clock.advance(10);
});

test.each([-1, NaN])('time does not advance by %s', (ms) => {
  const clock = createFakeClock();
  expect(() => {
    clock.advance(ms);
  }).toThrow(McpError);
});
