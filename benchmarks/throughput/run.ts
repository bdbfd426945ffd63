import { writeFileSync } from 'node:fs';
import { pinTo } from '../measure/child-process.ts';
import { GENERATOR_CORE, isPinned } from '../measure/cores.ts';
import { textOf } from '../report/tables.ts';
import { writeReport } from '../report/write-report.ts';
import { measureAll } from './measure-all.ts';
import { readOptions } from './options.ts';

/**
 * Compares the gateway, in one run and under the same load, with the bare undici proxy and with programs from npm.
 * Everything is on loopback and ends by itself. A missed target is shown and no error; failed calls are one.
 */
const options = readOptions({ seconds: 3, rounds: 5 });
if (isPinned) pinTo(GENERATOR_CORE, process.pid);

const results = await measureAll(options);
process.stdout.write(`${textOf(results)}\n`);
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
if (options.report) await writeReport(results);
const rows = [...results.rows, ...results.peers, ...results.latency];
if (rows.some(({ failed }) => failed > 0) || (results.sustained?.failed ?? 0) > 0) process.exitCode = 1;
