import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startChild } from './child.node.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** Where processes report: their connection is cut when they end. */
const living = createServer();
const reported: Socket[] = [];
beforeEach(async () => {
  living.listen(0, '127.0.0.1');
  await once(living, 'listening');
});
afterEach(async () => {
  for (const socket of reported.splice(0)) socket.destroy();
  living.close();
  await once(living, 'close');
});

/** A program, as text, that reports, and then lives until it is killed. */
const report = (): string => `require('node:net').connect(${(living.address() as AddressInfo).port}, '127.0.0.1');`;
const DEAF = `process.on('SIGTERM', () => undefined);`;
/** A program that starts another and ends when its input does. */
const starting = (other: string): string => `
  require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(other)}], { stdio: 'ignore' });
  process.stdin.resume().on('end', () => process.exit());`;

/** Resolves with what resolves when the next process that reports has ended. */
async function reporter(): Promise<{ ended: Promise<unknown> }> {
  const [socket] = (await once(living, 'connection')) as [Socket];
  reported.push(socket);
  socket.resume().on('error', () => undefined);
  return { ended: once(socket, 'close') };
}

async function start(program: string) {
  const { channel } = await startChild({ command: process.execPath, args: ['-e', program] });
  const closed = new Promise((resolve) => {
    channel.open({ message: () => undefined, close: resolve });
  });
  return { channel, closed };
}

describe.skipIf(process.platform === 'win32')('a child that is let go of', () => {
  it.each(['', DEAF])('takes what it has started with it: %s', async (deaf) => {
    const started = reporter();
    const { channel, closed } = await start(starting(deaf + report()));
    const { ended } = await started;
    void channel.close();
    expect(await closed).toMatch(/ended with code 0$/);
    await ended;
  });

  it.each([
    ['', 'SIGTERM'],
    [DEAF, 'SIGKILL'],
  ])('does not live on after the end of its input: %s', async (deaf, signal) => {
    const other = reporter();
    const { channel, closed } = await start(
      `${deaf} ${starting(deaf + report())} process.stdin.removeAllListeners('end'); setInterval(() => undefined, 1e6);`,
    );
    const { ended } = await other;
    void channel.close();
    expect(await closed).toMatch(new RegExp(`ended with ${signal}$`));
    await ended;
  });
});

it('a child that closes its output is ended, and says so', async () => {
  const started = reporter();
  const { closed } = await start(`${report()} process.stdin.resume(); require('node:fs').closeSync(1);`);
  const { ended } = await started;
  expect(await closed).toBe('it closed its output');
  await ended;
});

it('a program that does not exist is told from one that cannot be started', async () => {
  await expect(startChild({ command: '/no/such/command', args: [] })).rejects.toMatchObject({
    code: 'invalid_options',
    message: 'the command "/no/such/command" (or its cwd) does not exist',
  });
  await expect(startChild({ command: process.execPath, args: [], cwd: '/no/such/folder' })).rejects.toMatchObject({
    code: 'invalid_options',
  });
});

describe.skipIf(process.platform === 'win32')('a process that ends without closing its clients', () => {
  /** A process with a child that lives until it is killed. */
  async function parent(program = '', { deaf = '', isDrained = false } = {}) {
    const child = reporter();
    const script = `
      const { startChild } = await import('./packages/sdk/src/connect/child.node.ts');
      ${program}
      const args = ['-e', ${JSON.stringify(deaf + report())}];
      await startChild({ command: process.execPath, args, isDrained: ${isDrained} });`;
    const started = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { ended } = await child;
    return { started, ended, exited: once(started, 'exit') };
  }

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('passes %s on and dies of it', async (signal) => {
    const { started, ended, exited } = await parent();
    started.kill(signal);
    expect(await exited).toEqual([null, signal]);
    await ended;
  });

  it('ends them when it exits', async () => {
    const { started, ended, exited } = await parent(`process.once('SIGTERM', () => process.exit(7));`);
    started.kill('SIGTERM');
    expect(await exited).toEqual([7, null]);
    await ended;
  });

  it('ends those too that a milder signal would not end', async () => {
    const { started, ended, exited } = await parent(`process.once('SIGTERM', () => process.exit(7));`, { deaf: DEAF });
    started.kill('SIGTERM');
    expect(await exited).toEqual([7, null]);
    await ended;
  });

  it('does not interrupt a child that its owner lets finish', async () => {
    const { started, ended, exited } = await parent(
      `process.on('SIGINT', () => process.stdout.write('heard')); process.once('SIGTERM', () => process.exit(7));`,
      { isDrained: true },
    );
    started.kill('SIGINT');
    expect(String((await once(started.stdout, 'data'))[0])).toBe('heard');
    // What was interrupted is gone by the time that a new process has started.
    await once(spawn(process.execPath, ['-e', '']), 'exit');
    expect(reported.at(-1)?.destroyed).toBe(false);
    started.kill('SIGTERM');
    expect(await exited).toEqual([7, null]);
    await ended;
  });

  it('lives on if somebody else listens, and passes on what a terminal tells all', async () => {
    const { started, ended, exited } = await parent(`process.once('SIGINT', () => process.stdout.write('heard'));`);
    started.kill('SIGINT');
    expect(String((await once(started.stdout, 'data'))[0])).toBe('heard');
    await ended;
    // Its child is gone, so it has nothing to do.
    expect(await exited).toEqual([0, null]);
  });

  it('is ended by who ends it only when nobody else listens', async () => {
    const { started, ended, exited } = await parent(`
      process.on('SIGINT', function end() {
        if (process.listenerCount('SIGINT') === 1) process.off('SIGINT', end).kill(process.pid, 'SIGINT');
      });`);
    started.kill('SIGINT');
    expect(await exited).toEqual([null, 'SIGINT']);
    await ended;
  });
});
