import type { Hotspot } from './hotspots.ts';
import type { CpuProfile, HeapProfile } from './profile.ts';

/** What to measure, and for how long. */
export interface ProfileOptions {
  /** How long it takes. Unit: s, from 1 to 300. */
  seconds: number;
  /** `cpu`: in which functions the time goes. `heap`: which functions allocate memory. @defaultValue `cpu` */
  kind?: 'cpu' | 'heap';
  /**
   * Time between two samples of a CPU profile. Unit: µs, from 100 to 100_000.
   * @defaultValue 1_000: costs a few per cent while it runs, and 10 s tell functions apart that take 0.1 %
   */
  intervalMicros?: number;
  /** Ends the profile early: it then holds what was found so far. */
  signal?: AbortSignal;
}

/** What was found. It holds names of functions and files, and nothing of what went through them. */
export interface Profile {
  /** How long it took. Unit: s; fewer than asked for if it was ended early. */
  readonly seconds: number;
  /** What to write as JSON into a file `x.cpuprofile` or `x.heapprofile`, for the DevTools of Chrome or speedscope. */
  readonly profile: CpuProfile | HeapProfile;
  /** The 15 functions with the largest share, the largest first. */
  readonly top: readonly Hotspot[];
}

/** Takes profiles of the thread that it is called in, one at a time. */
export interface Profiler {
  /**
   * Measures for some seconds, or until a signal aborts.
   * @param ended - another signal: of the gateway, say
   * @throws McpError `invalid_options` naming every bad option with its value and what is allowed, or where this is not
   * Node; `overloaded` while another profile is taken; `cancelled` if a signal aborted before it began
   */
  take(options: ProfileOptions, ended?: AbortSignal): Promise<Profile>;
}
