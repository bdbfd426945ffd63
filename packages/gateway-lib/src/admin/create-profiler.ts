import { sampleCpu, sampleHeap } from '#gateway-platform';
import { McpError, systemClock, type Clock } from '@org/mcp-sdk';
import { checkProfileOptions } from './check-profile-options.ts';
import { hotspotsOfCpu, hotspotsOfHeap } from './hotspots.ts';
import type { Profile, ProfileOptions, Profiler } from './profiler.ts';

/** Options of {@link createProfiler}. */
export interface ProfilerOptions {
  /** @defaultValue the clock of the machine */
  clock?: Clock;
}

/**
 * Makes the profiler of a process: `new Gateway({ upstreams, profiler: createProfiler() })` lets `gateway.profile()` work.
 * Gateways of one process should share it, because they share what it measures. It costs nothing until it is used.
 */
export function createProfiler({ clock = systemClock }: ProfilerOptions = {}): Profiler {
  let isBusy = false;
  return {
    async take(options, ended) {
      checkProfileOptions(options);
      const signals = [options.signal, ended].filter((signal) => signal !== undefined);
      if (signals.some(({ aborted }) => aborted))
        throw new McpError('cancelled', 'The profile was ended before it began.');
      if (isBusy)
        throw new McpError('overloaded', 'A profile is being taken; there is one at a time, so wait for its end.');
      isBusy = true;
      try {
        return await take(options, clock, AbortSignal.any(signals));
      } finally {
        isBusy = false;
      }
    },
  };
}

async function take(options: ProfileOptions, clock: Clock, signal: AbortSignal): Promise<Profile> {
  const stop = options.kind === 'heap' ? await measureHeap() : await measureCpu(options.intervalMicros);
  const since = clock.now();
  await pass(options.seconds * 1_000, clock, signal);
  return { seconds: (clock.now() - since) / 1_000, ...(await stop()) };
}

/** What ends a measurement. */
type Measured = () => Promise<Omit<Profile, 'seconds'>>;

async function measureCpu(intervalMicros = 1_000): Promise<Measured> {
  const stop = await sampleCpu(intervalMicros);
  return async () => {
    const profile = await stop();
    return { profile, top: hotspotsOfCpu(profile) };
  };
}

async function measureHeap(): Promise<Measured> {
  const stop = await sampleHeap();
  return async () => {
    const profile = await stop();
    return { profile, top: hotspotsOfHeap(profile) };
  };
}

/** Resolves after some time, or when the signal aborts. */
function pass(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
