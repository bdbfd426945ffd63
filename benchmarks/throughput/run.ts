import { fork, type ChildProcess } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ChildMessage } from './child.ts';
import { putLoadOn, type Load } from './load.ts';
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
  readonly child: Child;
}

class Child {
  readonly #process: ChildProcess;
  readonly url: Promise<string>;

  constructor(file: string, args: readonly string[] = []) {
    this.#process = fork(fileURLToPath(new URL(file, import.meta.url)), args);
    this.url = this.#next().then((message) => ('url' in message ? message.url : ''));
  }

  async cpuMicros(): Promise<number> {
    const answer = this.#next();
    this.#process.send('cpu');
    const message = await answer;
    return 'cpuMicros' in message ? message.cpuMicros : NaN;
  }

  end(): void {
    this.#process.disconnect();
  }

  #next(): Promise<ChildMessage> {
    return new Promise((resolve, reject) => {
      this.#process.once('message', resolve);
      this.#process.once('exit', (code) => {
        reject(new Error(`a benchmark child ended with code ${code}`));
      });
    });
  }
}

async function measure({ child, tool }: Scenario, duration: number): Promise<Load & { cpuMicrosPerCall: number }> {
  const before = await child.cpuMicros();
  const load = await putLoadOn({ url: await child.url, tool, connections, seconds: duration });
  return { ...load, cpuMicrosPerCall: ((await child.cpuMicros()) - before) / load.calls };
}

const upstream = new Child('upstream.ts');
const up = await upstream.url;
const scenarios: Scenario[] = [
  { name: 'direct to the upstream', tool: 'echo', child: upstream },
  { name: 'bare undici proxy', tool: 'echo', child: new Child('proxy.ts', [up]) },
  { name: 'gateway', tool: 'echo', child: new Child('gateway.ts', [up, 'never']) },
  { name: 'gateway, renamed tool', tool: 'up_echo', child: new Child('gateway.ts', [up, 'always']) },
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
