import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { medianOf } from '../measure/median.ts';

/**
 * How long it takes to load the gateway, against undici alone, and to make one with 100 HTTP upstreams. Each measurement
 * is a fresh process that runs nothing else, not even TypeScript; rounds are interleaved, figures are medians. Exit code 1
 * if a target is missed.
 */
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const MAX_RATIO = 3;
const MAX_READY_MS = 100;

/** `timed` is what counts. */
const timed = (code: string, before = ''): string =>
  `${before}; const before = performance.now(); ${code}; console.log(performance.now() - before)`;
const UPSTREAMS =
  "Object.fromEntries(Array.from({ length: 100 }, (_, i) => ['up' + i, { url: 'http://127.0.0.1:9/' + i }]))";
const PROGRAMS: Readonly<Record<string, string>> = {
  undici: timed("await import('undici')"),
  '@org/mcp-sdk': timed("await import('@org/mcp-sdk')"),
  '@org/mcp-gateway': timed("await import('@org/mcp-gateway')"),
  'new Gateway, 100 upstreams': timed(
    `new Gateway({ upstreams: ${UPSTREAMS} })`,
    "const { Gateway } = await import('@org/mcp-gateway')",
  ),
};

const cwd = fileURLToPath(new URL('.', import.meta.url));
async function run(program: string): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { cwd });
  return Number(stdout);
}

const times = new Map<string, number[]>(Object.keys(PROGRAMS).map((name) => [name, []]));
for (let round = 0; round < Number(values.rounds); round++)
  for (const [name, program] of Object.entries(PROGRAMS)) times.get(name)?.push(await run(program));

const median = (name: string): number => medianOf(times.get(name) ?? []);
const ratio = (name: string): number => median(name) / median('undici');
const lines = [...times].map(([name, all]) => {
  const figures = [median(name), Math.min(...all), Math.max(...all)].map((ms) => ms.toFixed(1));
  return `| ${name} | ${figures.join(' | ')} | ${ratio(name).toFixed(2)} |`;
});
const table = ['| | ms | least | most | × undici |', '| --- | --- | --- | --- | --- |', ...lines].join('\n');
const readyMs = median('new Gateway, 100 upstreams');
const met = { load: ratio('@org/mcp-gateway') <= MAX_RATIO, ready: readyMs < MAX_READY_MS };
process.stdout.write(`Node ${process.versions.node}\n\n${table}\n
Loading the gateway takes at most ${MAX_RATIO} × as long as undici: ${met.load ? 'met' : 'NOT MET'}
100 upstreams are there in less than ${MAX_READY_MS} ms: ${met.ready ? 'met' : 'NOT MET'}\n`);
if (!met.load || !met.ready) process.exitCode = 1;
