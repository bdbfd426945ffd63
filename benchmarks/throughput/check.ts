import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { pinTo } from '../measure/child-process.ts';
import { GENERATOR_CORE, isPinned } from '../measure/cores.ts';
import { measureRows } from './measure-rows.ts';
import { readOptions, type BenchOptions } from './options.ts';
import type { RowResult } from './results.ts';
import { CHECKED, ROWS } from './rows.ts';

/**
 * Compares CPU ratios with those of the committed baseline; exit code 1 if one is lower than the tolerance allows, also
 * when it is measured again. `--update` writes the baseline of this major version of Node.
 */
const BASELINE = new URL('../baseline.json', import.meta.url);
/** How much lower a ratio may be: two runs of the same code, one after the other, differed by up to 5 % (Node 20) and 9 % (Node 24). */
const TOLERANCE = 0.12;

/** CPU ratios by row, by major version of Node. */
type Baseline = Record<string, Record<string, number>>;

const plans = ROWS.filter(({ name }) => CHECKED.includes(name));
const major = `node-${Number.parseInt(process.versions.node, 10)}`;
const baseline = existsSync(BASELINE) ? (JSON.parse(readFileSync(BASELINE, 'utf8')) as Baseline) : {};

async function update(measured: readonly RowResult[]): Promise<void> {
  const ratios = measured.filter(isCompared).map(({ name, cpuRatio }) => [name, cpuRatio.median] as const);
  baseline[major] = { ...baseline[major], ...Object.fromEntries(ratios) };
  writeFileSync(BASELINE, await format(JSON.stringify(baseline), { parser: 'json', printWidth: 120 }));
  process.stdout.write(`benchmarks/baseline.json: ${ratios.length} ratios of ${major}\n`);
}

async function check(measured: readonly RowResult[], { only: _, ...rest }: BenchOptions): Promise<void> {
  const known = baseline[major];
  if (!known) {
    process.stderr.write(`benchmarks/baseline.json has no ${major}; write it with --update\n`);
    process.exit(1);
  }
  let isGood = true;
  for (const first of measured.filter(isCompared)) {
    const row = isLower(first, known) ? await measureAgain(first, rest) : first;
    const verdict = isLower(row, known) ? 'LOWER' : known[row.name] === undefined ? 'new' : 'ok';
    isGood &&= verdict !== 'LOWER';
    process.stdout.write(`${verdict.padEnd(6)} ${textOf(row, known[row.name])}\n`);
  }
  if (!isGood) process.exitCode = 1;
}

const isCompared = ({ name, comparedWith }: RowResult): boolean => name !== comparedWith;

const isLower = ({ name, cpuRatio }: RowResult, known: Readonly<Record<string, number>>): boolean =>
  cpuRatio.median < (known[name] ?? 0) * (1 - TOLERANCE);

async function measureAgain(row: RowResult, rest: Omit<BenchOptions, 'only'>): Promise<RowResult> {
  const wanted = plans.filter(({ name }) => name === row.name || name === row.comparedWith);
  const again = await measureRows(wanted, { ...rest, only: /(?:)/, rounds: rest.rounds + 2 });
  return again.find(({ name }) => name === row.name) ?? row;
}

const textOf = ({ name, cpuRatio, comparedWith }: RowResult, known: number | undefined): string =>
  `${name}: CPU ratio ${cpuRatio.median} (${cpuRatio.min} to ${cpuRatio.max}) to ${comparedWith}; baseline ${known ?? 'none'}, tolerance ${TOLERANCE * 100} %`;

const options = readOptions({ seconds: 1.5, rounds: 3 });
if (isPinned) pinTo(GENERATOR_CORE, process.pid);
const rows = await measureRows(plans, options);
if (options.update) await update(rows);
else await check(rows, options);
