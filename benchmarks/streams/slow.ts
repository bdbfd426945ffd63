import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Child } from '../measure/child-process.ts';
import { Tally, type Load } from '../measure/load.ts';
import type { Era } from '../server/requests.ts';
import { ask, askForStream, comes, EVENT_BYTES, FIRST, openLegacy } from './callers.ts';
import { residentOf, urlFrom, type Resident } from './open.ts';

/** What one long stream with a slow reader did. */
export interface Slow {
  readonly name: string;
  readonly empty: Resident;
  /** While nobody read for a while. */
  readonly stalled: Resident;
  /** While it was read slowly, to its end. */
  readonly read: Resident;
  /** What has come. Unit: bytes. */
  readonly bytes: number;
  /** How long it was read, the stall left out. Unit: ms. */
  readonly readMs: number;
  /** Another caller before, while nobody read, and while it was read. */
  readonly others: { readonly before: Load; readonly stalled: Load; readonly read: Load };
}

const STALL_MS = 4_000;
/** The reader takes this much, then rests. Unit: bytes. */
const GULP_BYTES = 2 * 1024 * 1024;
/** Unit: ms. About 60 MB/s at most. */
const REST_MS = 30;
/** The other caller calls once in this time. Unit: ms. */
const PACE_MS = 5;

/** The eras of the caller and of the upstream. */
export interface Legs {
  readonly caller: Era;
  readonly upstream: Era;
}

/** Reads a long stream slowly through a gateway, while another caller goes on. */
export async function readSlowly({ caller, upstream: era }: Legs, bytes: number): Promise<Slow> {
  const events = Math.ceil(bytes / EVENT_BYTES);
  const upstream = new Child(new URL('flood.ts', import.meta.url), { args: ['', era, String(events)] });
  const args = [(await urlFrom(upstream)).href];
  const gateway = new Child(new URL('gateway.ts', import.meta.url), { args, execArgv: ['--expose-gc'] });
  try {
    const url = await urlFrom(gateway);
    const other = (isOver: () => boolean): Promise<Load> => callEcho(url, isOver);
    await other(after(500));
    const before = await other(after(STALL_MS));
    const empty = await residentOf(gateway);
    const stream = await openFlood(url, caller);
    stream.pause();
    await ask(url, call('go'));
    const stalledLoad = await other(after(STALL_MS));
    const stalled = await residentOf(gateway);
    const since = performance.now();
    let isOver = false;
    const reading = drink(stream).finally(() => (isOver = true));
    const readLoad = await other(() => isOver);
    const got = await reading;
    if (got < bytes * 0.99) throw new Error(`${got} of ${bytes} bytes came`);
    const readMs = performance.now() - since;
    const read = await residentOf(gateway);
    const others = { before, stalled: stalledLoad, read: readLoad };
    return { name: `${caller} caller, ${era} upstream`, empty, stalled, read, bytes: got, readMs, others };
  } finally {
    gateway.end();
    upstream.end();
  }
}

const call = (name: string) => ({ method: 'tools/call', params: { name, arguments: {} } });

/** Opens the stream; resolves with its first event, which the upstream sends alone. */
async function openFlood(url: URL, caller: Era): Promise<IncomingMessage> {
  const session = caller === 'legacy' ? { session: await openLegacy(url) } : {};
  const stream = await askForStream(url, { ...call('flood'), meta: { progressToken: 'p' }, ...session });
  await comes(stream, FIRST);
  return stream;
}

/** Reads to the end, with rests. @returns how much it was. Unit: bytes */
async function drink(stream: IncomingMessage): Promise<number> {
  let total = 0;
  let gulp = 0;
  for await (const chunk of stream) {
    const { length } = chunk as Buffer;
    total += length;
    gulp += length;
    if (gulp < GULP_BYTES) continue;
    gulp = 0;
    await pause(REST_MS);
  }
  return total;
}

async function callEcho(url: URL, isOver: () => boolean): Promise<Load> {
  const tally = new Tally();
  while (!isOver()) {
    const sentAt = performance.now();
    const text = await ask(url, call('echo'));
    tally.add(sentAt, performance.now(), text.includes('"result"'));
    await pause(PACE_MS);
  }
  return tally.toLoad();
}

function after(ms: number): () => boolean {
  const end = performance.now() + ms;
  return () => performance.now() >= end;
}
