import { parseArgs } from 'node:util';
import { holdListens, holdSessions, type Held } from './open.ts';
import { printHeld, printSlow } from './report.ts';
import { readSlowly, type Slow } from './slow.ts';

/**
 * What open streams cost a gateway: many that wait for changes, and one long one with a slow reader. Exit code 1 if a
 * limit is missed. `--scale 0.1` opens and reads a tenth; `--only slow` runs the checks whose name matches.
 */
const { values } = parseArgs({
  options: { scale: { type: 'string', default: '1' }, only: { type: 'string', default: '' } },
});
const scaled = (count: number): number => Math.ceil(count * Number(values.scale));
const isWanted = (name: string): boolean => name.includes(values.only);
const STREAM_BYTES = 2 ** 30;
const ERAS = ['modern', 'legacy'] as const;

const held: Held[] = [];
if (isWanted('sessions')) held.push(await holdSessions(scaled(10_000)));
if (isWanted('listens')) held.push(await holdListens(scaled(1_000)));
const slow: Slow[] = [];
for (const caller of ERAS)
  for (const upstream of ERAS)
    if (isWanted('slow')) slow.push(await readSlowly({ caller, upstream }, scaled(STREAM_BYTES)));

process.stdout.write(`Node ${process.versions.node}\n\n`);
const areMet = [printHeld(held), printSlow(slow)];
if (areMet.includes(false)) process.exitCode = 1;
