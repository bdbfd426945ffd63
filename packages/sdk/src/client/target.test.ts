import { afterEach, expect, it } from 'vitest';
import { MCPClientBuilder } from './builder.ts';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

/** A legacy server that tells of its start, and ends at any request that it does not know. */
const LEGACY = `
  process.stderr.write('started ');
  const answers = {
    initialize: { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'old', version: '1' } },
    ping: {},
  };
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const { id, method } = JSON.parse(line);
    if (id === undefined) return;
    if (!answers[method]) process.exit(1);
    process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result: answers[method] }) + '\\n');
  });`;

/** A client of a program that is not connected yet, and how often the program was started. */
function clientOf(program: string) {
  let heard = '';
  const builder = new MCPClientBuilder({ name: 'c', version: '1' }).stdio(process.execPath, ['-e', program], {
    onStderr: (text) => (heard += text),
  });
  return { builder, starts: () => heard.split('started').length - 1 };
}

it('a legacy server that ends at the probe is started once more, and not probed again', async () => {
  const { builder, starts } = clientOf(LEGACY);
  const client = await builder.build();
  open.push(client);
  expect(client.era).toBe('legacy');
  await client.ping();
  expect(starts()).toBe(2);
  await expect(client.tools.list().toArray()).rejects.toMatchObject({ code: 'unavailable' });
  await client.ping();
  expect(starts()).toBe(3);
});

it('a server that always ends is started twice', async () => {
  const { builder, starts } = clientOf(`process.stderr.write('started '); process.exitCode = 3;`);
  await expect(builder.build()).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/with code 3/) as string,
  });
  expect(starts()).toBe(2);
});

it('a server whose era is known is started once', async () => {
  const { builder, starts } = clientOf(`process.stderr.write('started '); process.exitCode = 3;`);
  await expect(builder.era('legacy').build()).rejects.toMatchObject({ code: 'unavailable' });
  expect(starts()).toBe(1);
});
