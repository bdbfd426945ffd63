import type { Session } from 'node:inspector/promises';
import type { CpuProfile, HeapProfile } from './profile.ts';

/** Ends the sampling and gives what was found. */
type Stop<Found> = () => Promise<Found>;

/** Average distance of two samples of allocations, V8's own. Unit: bytes. */
const HEAP_INTERVAL_BYTES = 32_768;

/** Begins to note what runs in this thread. @param intervalMicros - between two samples. Unit: µs */
export async function sampleCpu(intervalMicros: number): Promise<Stop<CpuProfile>> {
  const session = await openSession(async (opened) => {
    await opened.post('Profiler.enable');
    await opened.post('Profiler.setSamplingInterval', { interval: intervalMicros });
    await opened.post('Profiler.start');
  });
  return async () => {
    try {
      return (await session.post('Profiler.stop')).profile;
    } finally {
      session.disconnect();
    }
  };
}

/** Begins to note what allocates memory in this thread, also for what is collected before the end. */
export async function sampleHeap(): Promise<Stop<HeapProfile>> {
  const session = await openSession((opened) =>
    opened.post('HeapProfiler.startSampling', {
      samplingInterval: HEAP_INTERVAL_BYTES,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    }),
  );
  return async () => {
    try {
      return (await session.post('HeapProfiler.stopSampling')).profile;
    } finally {
      session.disconnect();
    }
  };
}

/** Loads the inspector when it is asked for: a gateway that is never profiled does without. */
async function openSession(begin: (session: Session) => Promise<void>): Promise<Session> {
  const inspector = await import('node:inspector/promises');
  const session = new inspector.Session();
  session.connect();
  try {
    await begin(session);
  } catch (thrown) {
    session.disconnect();
    throw thrown;
  }
  return session;
}
