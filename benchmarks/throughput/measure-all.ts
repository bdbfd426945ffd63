import { Child } from '../measure/child-process.ts';
import { onCore, SERVER_CORE } from '../measure/cores.ts';
import { factsOf } from './facts.ts';
import { measureLatency, measureSustained } from './latency.ts';
import { measureRows } from './measure-rows.ts';
import type { BenchOptions } from './options.ts';
import { installPeers } from './peers.ts';
import type { BenchResults, InMemoryResult } from './results.ts';
import { PEER_ROWS, ROWS, type RowPlan } from './rows.ts';
import { inMemoryTarget, latencyTargets, rowTargets, sustainedTarget } from './targets.ts';

/** Sections beside the rows, as `--only` names them. */
const LATENCY = 'latency at 1,000 calls/s';
const IN_MEMORY = 'gateway.call() in the process';
const SUSTAINED = 'sustained 10,000 calls/s';

/** Few, because one of the peers starts a process for each session. */
export const PEER_CONNECTIONS = 16;

/** Measures all that is asked for, one part after the other. */
export async function measureAll(options: BenchOptions): Promise<BenchResults> {
  const { only, connections, sustained: sustainedSeconds } = options;
  const rows = await measureRows(ROWS, options);
  const latency = only.test(LATENCY) ? await measureLatency(options) : [];
  const inMemory = only.test(IN_MEMORY) ? await measureInMemory(options.rounds) : undefined;
  const isSustained = sustainedSeconds > 0 && only.test(SUSTAINED);
  const sustained = isSustained ? await measureSustained(connections, sustainedSeconds) : undefined;
  const peers = await measurePeers(options);
  const facts = factsOf(options);
  return {
    facts,
    targets: [
      ...rowTargets(rows, facts),
      ...latencyTargets(latency),
      ...(inMemory ? [inMemoryTarget(inMemory)] : []),
      ...(sustained ? [sustainedTarget(sustained)] : []),
    ],
    ...{ rows, latency, ...peers },
    ...(inMemory ? { inMemory } : {}),
    ...(sustained ? { sustained } : {}),
  };
}

/** Rows of programs that cannot be had are left out. */
async function measurePeers(options: BenchOptions): Promise<Pick<BenchResults, 'peers' | 'peersMissing'>> {
  const isWanted = PEER_ROWS.some((row) => isFromNpm(row) && options.only.test(row.name));
  const peersMissing = isWanted ? installPeers() : undefined;
  const plans = PEER_ROWS.filter((row) => peersMissing === undefined || !isFromNpm(row));
  const peers = await measureRows(plans, { ...options, connections: PEER_CONNECTIONS });
  return { peers, ...(peersMissing === undefined ? {} : { peersMissing }) };
}

const isFromNpm = ({ server }: RowPlan): boolean => typeof server === 'object' && 'peer' in server;

async function measureInMemory(rounds: number): Promise<InMemoryResult | undefined> {
  const child = new Child(new URL('in-memory.ts', import.meta.url), { args: [String(rounds)], ...onCore(SERVER_CORE) });
  const message = await child.next();
  if (!('result' in message)) return undefined;
  const { ratio = NaN, ratioMin = NaN, ratioMax = NaN, ...rest } = message.result;
  const { plainMicros = NaN, callMicros = NaN, constantMicros = NaN, constantRatio = NaN } = rest;
  const range = { median: ratio, min: ratioMin, max: ratioMax };
  return { plainMicros, callMicros, ratio: range, constantMicros, constantRatio };
}
