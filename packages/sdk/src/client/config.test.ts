import { afterEach, expect, it, vi } from 'vitest';
import { MCPClientBuilder } from './builder.ts';
import { targetFromConfig } from './config.ts';
import { fileURLToPath } from 'node:url';

afterEach(() => {
  vi.unstubAllEnvs();
});

it.each<[unknown, RegExp]>([
  [{}, /config is wrong/],
  [{ command: 'a', args: [1] }, /config\.args/],
  [{ command: 'a', args: 'x' }, /config\.args/],
  [{ command: 'a', env: { A: 1 } }, /config\.env/],
  [{ command: 'a', cwd: 1 }, /config\.cwd/],
  [{ url: 'http://a', headers: { a: 1 } }, /config\.headers/],
  [{ url: 'ftp://a' }, /absolute http/],
  [{ type: 'sse', url: 'http://a' }, /config\.type.*2024-11-05/],
  [{ url: 'http://me:hush@a' }, /a user or a password/],
  [5, /must be an object/],
])('refuses %j', (entry, message) => {
  expect(() => targetFromConfig(entry as never)).toThrow(message);
});

it('names a variable that is not set, and where', () => {
  expect(() => targetFromConfig({ command: 'a', args: ['x', '${NOT_SET_ANYWHERE}'] })).toThrow(
    'config.args[1] names the variable NOT_SET_ANYWHERE, which is not set.',
  );
});

it('shows no value of the entry in a message', () => {
  vi.stubEnv('SECRET_ADDRESS', 'ftp://hush');
  expect(() => targetFromConfig({ url: '${SECRET_ADDRESS}' })).toThrow(expect.not.stringContaining('hush'));
});

it.each(['http://a/mcp', 'HTTPS://a', 'ws://a', 'wss://a/x'])('takes the URL %s', (url) => {
  expect(targetFromConfig({ url })).toBeTypeOf('function');
});

it('starts a program with variables of this process and defaults, and with nothing else of its environment', async () => {
  vi.stubEnv('GREETING', 'from outside');
  vi.stubEnv('SECRET', 'hush');
  const root = fileURLToPath(new URL('../../../../', import.meta.url));
  const client = await new MCPClientBuilder({ name: 'c', version: '1' })
    .fromConfig({
      command: process.execPath,
      args: ['--import', 'tsx', '${SCRIPT_OF_THE_TEST:-packages/sdk/test/support/environment-stdio.ts}'],
      env: { FIRST: '${GREETING}', SECOND: '${env:NOT_SET_ANYWHERE:-default}' },
      cwd: root,
    })
    .build();
  const { structuredContent } = await client.tools.call('environment');
  expect(structuredContent).toEqual({ FIRST: 'from outside', SECOND: 'default', SECRET: 'none' });
  await client.close();
});
