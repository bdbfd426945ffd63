#!/usr/bin/env node
import { ask } from './ask.ts';
import { install } from './install.ts';
import { run } from './run.ts';

process.exitCode = await run(process.argv.slice(2), {
  cwd: process.cwd(),
  print: (text) => void process.stdout.write(`${text}\n`),
  complain: (text) => void process.stderr.write(`${text}\n`),
  // Without a terminal a question would wait for ever.
  ask: process.stdin.isTTY ? (question) => ask(question, process.stdin, process.stdout) : undefined,
  install,
});
