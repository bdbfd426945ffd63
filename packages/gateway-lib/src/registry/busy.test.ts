import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { isAtWork, stateOf } from './busy.node.ts';

describe('the state of a process', () => {
  it.each([
    ['12 (node) S 1 12', 'S'],
    ['12 (a) T (b)) R 1 12', 'R'],
    ['12 (node) t 1', 't'],
    ['', undefined],
    ['12 (node', undefined],
  ])('is read from %j', (stat, state) => {
    expect(stateOf(stat)).toBe(state);
  });
});

describe.skipIf(process.platform !== 'linux')('a process', () => {
  it('is at work until it is stopped or ends', async () => {
    const child = spawn('sleep', ['60']);
    await once(child, 'spawn');
    expect(await isAtWork(child.pid)).toBe(true);
    child.kill('SIGSTOP');
    await vi.waitFor(async () => expect(await isAtWork(child.pid)).toBe(false));
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    expect(await isAtWork(child.pid)).toBe(false);
    expect(await isAtWork(undefined)).toBe(false);
  });
});
