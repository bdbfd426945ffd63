import type { Clock } from '@org/mcp-sdk';
import { describe, expect, it } from 'vitest';
import { createProfiler } from './create-profiler.ts';
import type { ProfileOptions } from './profiler.ts';

/** A clock that stands still; `waits` are told of each timer. */
function stillClock(): { clock: Clock; timer: Promise<{ ms: number; fire: () => void }> } {
  let onTimer: (timer: { ms: number; fire: () => void }) => void = () => undefined;
  const timer = new Promise<{ ms: number; fire: () => void }>((resolve) => (onTimer = resolve));
  let now = 0;
  const clock: Clock = {
    now: () => now,
    wallClock: () => now,
    after(ms, fn) {
      const fire = (): void => {
        now += ms;
        fn();
      };
      onTimer({ ms, fire });
      return () => undefined;
    },
  };
  return { clock, timer };
}

describe('options of a profile', () => {
  it.each([
    [{}, 'profile: seconds is missing; allowed: an integer from 1 to 300, in seconds.'],
    [undefined, 'profile: seconds is missing; allowed: an integer from 1 to 300, in seconds.'],
    [{ seconds: 0 }, 'profile: seconds is 0; allowed: an integer from 1 to 300, in seconds.'],
    [{ seconds: 301 }, 'profile: seconds is 301; allowed: an integer from 1 to 300, in seconds.'],
    [{ seconds: 1, kind: 'snapshot' }, 'profile: kind is "snapshot"; allowed: "cpu", "heap".'],
    [
      { seconds: 1, intervalMicros: 99 },
      'profile: intervalMicros is 99; allowed: an integer from 100 to 100000, in microseconds.',
    ],
    [
      { seconds: 1, kind: 'heap', intervalMicros: 100 },
      'profile: intervalMicros is 100; allowed: nothing, for kind is "heap".',
    ],
    [{ seconds: 1, signal: true }, 'profile: signal is true; allowed: an AbortSignal.'],
    [{ seconds: 1, interval: 1 }, 'profile: interval is no option; allowed: seconds, kind, intervalMicros, signal.'],
  ])('%j is refused', async (options, message) => {
    await expect(createProfiler().take(options as ProfileOptions)).rejects.toMatchObject({
      code: 'invalid_options',
      message,
    });
  });
});

describe('a profiler', () => {
  it('measures as long as it is asked to, and then again', async () => {
    for (const kind of ['cpu', 'heap'] as const) {
      const { clock, timer } = stillClock();
      const running = createProfiler({ clock }).take({ seconds: 7, kind });
      const { ms, fire } = await timer;
      expect(ms).toBe(7_000);
      fire();
      const { seconds, profile } = await running;
      expect(seconds).toBe(7);
      expect(profile).toHaveProperty(kind === 'cpu' ? 'nodes' : 'head');
    }
  });

  it('takes one profile at a time', async () => {
    const { clock, timer } = stillClock();
    const profiler = createProfiler({ clock });
    const running = profiler.take({ seconds: 1 });
    await expect(profiler.take({ seconds: 1, kind: 'heap' })).rejects.toMatchObject({ code: 'overloaded' });
    (await timer).fire();
    await running;
    const ended = new AbortController();
    const next = profiler.take({ seconds: 1, signal: ended.signal });
    ended.abort();
    await expect(next).resolves.toHaveProperty('profile');
  });

  it.each(['its caller', 'its gateway'])('ends early with what it has if %s says so', async (who) => {
    const { clock, timer } = stillClock();
    const { signal, ...controller } = controllerOf();
    const profiler = createProfiler({ clock });
    const running =
      who === 'its caller' ? profiler.take({ seconds: 60, signal }) : profiler.take({ seconds: 60 }, signal);
    await timer;
    controller.abort();
    await expect(running).resolves.toMatchObject({ seconds: 0 });
    await expect(profiler.take({ seconds: 1 }, signal)).rejects.toMatchObject({ code: 'cancelled' });
  });
});

function controllerOf(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    abort: () => {
      controller.abort();
    },
  };
}
