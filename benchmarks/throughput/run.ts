import { writeFileSync } from 'node:fs';
import { pinTo } from '../measure/child-process.ts';
import { GENERATOR_CORE, isPinned } from '../measure/cores.ts';
import { measureRows } from './measure-rows.ts';
import { readOptions } from './options.ts';
import { factsOf } from './results.ts';
import { ROWS } from './rows.ts';
import { lineOf, tableOfRows, tableOfTargets } from './tables.ts';
import { rowTargets } from './targets.ts';

/**
 * Compares the gateway, in one run and under the same load, with the bare undici proxy and with programs from npm.
 * Everything is on loopback and ends by itself.
 */
const options = readOptions({ seconds: 3, rounds: 5 });
if (isPinned) pinTo(GENERATOR_CORE, process.pid);

const rows = await measureRows(ROWS, options);
const facts = factsOf(options);
const results = { facts, rows, targets: rowTargets(rows, facts.node) };
process.stdout.write(`${lineOf(facts)}\n\n${tableOfRows(rows)}\n\n${tableOfTargets(results.targets)}\n`);
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
if (rows.some(({ failed }) => failed > 0)) process.exitCode = 1;
