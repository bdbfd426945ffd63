import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Child } from '../measure/child-process.ts';
import { loadHttp, type HttpTarget } from '../server/http-load.ts';
import { DROPS, openSession, type Drop } from './drops.ts';
import type { Memory } from './memory.ts';
import { printMemory, type Check } from './report.ts';

/**
 * Looks for leaks: what the heap of a server holds after garbage collection, warm and after many calls, or after many
 * connections that were dropped. Exit code 1 if it has grown. `--scale 0.1` makes a tenth of the calls;
 * `--only dropped` runs the checks whose name matches.
 */
const { values } = parseArgs({
  options: { scale: { type: 'string', default: '1' }, only: { type: 'string', default: '' } },
});
const scaled = (calls: number): number => Math.ceil(calls * Number(values.scale));
const CALLS_IN_MEMORY = scaled(1_000_000);
const CALLS_OVER_HTTP = scaled(100_000);
const CONNECTIONS = scaled(10_000);
const WARM_UP = 0.1;
/** A server keeps as many lost sessions by design; they are there before the baseline. */
const KEPT_SESSIONS = 10_000;
/** How long the stream of a lost client is kept: a minute until it ends, another for its events, and a bit. Unit: ms. */
const KEPT_STREAMS_MS = 125_000;
const AT_ONCE = 32;
const execArgv = ['--expose-gc'];

async function inMemory(): Promise<Check> {
  const args = [String(CALLS_IN_MEMORY * WARM_UP), String(CALLS_IN_MEMORY)];
  const child = new Child(new URL('calls.ts', import.meta.url), { args, execArgv });
  const before = await memoryFrom(child.next());
  return { name: `${CALLS_IN_MEMORY} calls in memory`, before, after: await memoryFrom(child.next()) };
}

async function overHttp(era: HttpTarget['era']): Promise<Check> {
  return watch(`${CALLS_OVER_HTTP} calls over HTTP, ${era}`, async (url, settled) => {
    const load = async (calls: number): Promise<void> => {
      const { failed } = await loadHttp({ url: url.href, era, connections: 64 }, { seconds: Infinity, calls });
      if (failed > 0) throw new Error(`${failed} calls failed`);
    };
    await load(CALLS_OVER_HTTP * WARM_UP);
    const before = await settled();
    await load(CALLS_OVER_HTTP);
    return { before };
  });
}

async function dropped(): Promise<Check> {
  const kinds = Object.values(DROPS);
  return watch(`${CONNECTIONS} connections dropped`, async (url, settled) => {
    const dropAll = (count: number): Promise<void> => repeat(count, (i) => kinds[i % kinds.length]!(url));
    await dropAll(CONNECTIONS * WARM_UP);
    const empty = await settled();
    await fillSessions(url);
    const before = await settled();
    await dropAll(CONNECTIONS);
    await pause(KEPT_STREAMS_MS);
    // What is too old is forgotten when the next stream opens.
    await dropAll(kinds.length);
    return { before, perKeptSession: (before.heap! - empty.heap!) / KEPT_SESSIONS };
  });
}

const fillSessions = (url: URL): Promise<void> => repeat(KEPT_SESSIONS, () => openSession(url));

/** Does something to a server in a process of its own, and compares what its heap holds with what it held before. */
async function watch(
  name: string,
  use: (url: URL, settled: () => Promise<Memory>) => Promise<Omit<Check, 'name' | 'after'>>,
): Promise<Check> {
  const child = new Child(new URL('server.ts', import.meta.url), { execArgv });
  const message = await child.next();
  const settled = (): Promise<Memory> => settledMemory(child);
  try {
    const found = await use(new URL('url' in message ? message.url : ''), settled);
    return { name, ...found, after: await settled() };
  } finally {
    child.end();
  }
}

/** What is left once the server has noticed that all connections are closed, or has had its chances to. */
async function settledMemory(child: Child): Promise<Memory> {
  let memory = await memoryFrom(child.ask());
  for (let chance = 0; chance < 50 && (memory.TCPSocketWrap ?? 0) > 0; chance++) memory = await memoryFrom(child.ask());
  return memory;
}

async function memoryFrom(answer: ReturnType<Child['next']>): Promise<Memory> {
  const message = await answer;
  return 'result' in message ? message.result : {};
}

async function repeat(count: number, use: (index: number) => ReturnType<Drop>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await use(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

const CHECKS: Readonly<Record<string, () => Promise<Check>>> = {
  memory: inMemory,
  modern: () => overHttp('modern'),
  session: () => overHttp('session'),
  dropped,
};

const checks: Check[] = [];
for (const [name, check] of Object.entries(CHECKS)) if (name.includes(values.only)) checks.push(await check());
if (!printMemory(checks)) process.exitCode = 1;
