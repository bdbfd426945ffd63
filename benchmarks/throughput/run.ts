import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Child } from '../measure/child-process.ts';
import type { Load } from '../measure/load.ts';
import { putLoadOn } from './load.ts';
import { printReport, type Row } from './report.ts';

/**
 * Compares, in one run and under the same load: the upstream itself, the bare undici proxy before it, and the gateway
 * before it, with names relayed and with names rewritten. Everything is on loopback and ends by itself.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const connections = Number(values.connections);

interface Scenario {
  readonly name: string;
  readonly tool: string;
  readonly url: string;
  readonly child: Child;
}

async function measure({ child, url, tool }: Scenario, duration: number): Promise<Load & { cpuMicrosPerCall: number }> {
  const before = await child.cpuMicros();
  const load = await putLoadOn({ url, tool, connections, seconds: duration });
  return { ...load, cpuMicrosPerCall: ((await child.cpuMicros()) - before) / load.calls };
}

async function start(file: string, args: readonly string[] = []): Promise<Pick<Scenario, 'child' | 'url'>> {
  const child = new Child(new URL(file, import.meta.url), { args });
  const message = await child.next();
  return { child, url: 'url' in message ? message.url : '' };
}

const upstream = await start('upstream.ts');
const scenarios: Scenario[] = [
  { name: 'direct to the upstream', tool: 'echo', ...upstream },
  { name: 'bare undici proxy', tool: 'echo', ...(await start('proxy.ts', [upstream.url])) },
  { name: 'gateway', tool: 'echo', ...(await start('gateway.ts', [upstream.url, 'never'])) },
  { name: 'gateway, renamed tool', tool: 'up_echo', ...(await start('gateway.ts', [upstream.url, 'always'])) },
];

const rows = new Map<string, Row>(scenarios.map(({ name }) => [name, { name, runs: [] }]));
try {
  for (const scenario of scenarios) await measure(scenario, 2);
  for (let round = 0; round < rounds; round++)
    for (const scenario of scenarios) rows.get(scenario.name)?.runs.push(await measure(scenario, seconds));
} finally {
  for (const { child } of scenarios) child.end();
}

const facts = `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, ${connections} connections, ${rounds} rounds of ${seconds} s`;
if (values.json) process.stdout.write(`${JSON.stringify({ facts, rows: [...rows.values()] })}\n`);
else printReport(facts, [...rows.values()]);
