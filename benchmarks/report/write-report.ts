import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { format } from 'prettier';
import type { BenchResults } from '../throughput/results.ts';
import { plotsOf } from './plots.ts';
import { textOf } from './tables.ts';

const FOLDER = new URL('../results/', import.meta.url);
const README = new URL('../README.md', import.meta.url);
const [BEGIN, END] = ['<!-- results:begin -->', '<!-- results:end -->'];
const STYLE = { printWidth: 120, singleQuote: true };

/** Writes the results of this major version of Node, their plots, and the part of the README that shows all results. */
export async function writeReport(results: BenchResults): Promise<void> {
  const name = `node-${Number.parseInt(results.facts.node, 10)}`;
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(new URL(`${name}.json`, FOLDER), await format(JSON.stringify(results), { ...STYLE, parser: 'json' }));
  for (const [plot, svg] of Object.entries(plotsOf(results)))
    writeFileSync(new URL(`${name}-${plot}.svg`, FOLDER), svg);
  const readme = readFileSync(README, 'utf8');
  const [before, rest] = readme.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`benchmarks/README.md lacks ${BEGIN} or ${END}`);
  const text = `${before}${BEGIN}\n\n${sectionsOfAll()}\n\n${END}${after}`;
  writeFileSync(README, await format(text, { ...STYLE, parser: 'markdown' }));
}

/** A section for each version of Node that has results. */
function sectionsOfAll(): string {
  const names = readdirSync(FOLDER).flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -'.json'.length)] : []));
  return names.sort().map(sectionOf).join('\n\n');
}

function sectionOf(name: string): string {
  const results = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as BenchResults;
  const plots = Object.keys(plotsOf(results)).map((plot) => `![${plot}](results/${name}-${plot}.svg)`);
  return [`### Node ${Number.parseInt(results.facts.node, 10)}`, ...plots, textOf(results)].join('\n\n');
}
