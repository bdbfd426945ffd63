import { afterEach, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import { MCPClientBuilder } from '../src/index.ts';
import { eagerServer, UPDATES } from './support/eager-server.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const STDIO = fileURLToPath(new URL('support/eager-stdio.ts', import.meta.url));

type Reach = (builder: MCPClientBuilder) => MCPClientBuilder | Promise<MCPClientBuilder>;

async function listening(): Promise<string> {
  const server = eagerServer();
  ends.push(() => server.close());
  return (await server.listen()).url;
}

it.each<[string, Reach]>([
  ['in memory', (builder) => builder.inMemory(eagerServer())],
  ['over HTTP', async (builder) => builder.http(await listening())],
  ['over WebSocket', async (builder) => builder.webSocket((await listening()).replace('http', 'ws'))],
  ['over stdio', (builder) => builder.stdio(process.execPath, ['--import', 'tsx', STDIO])],
])('%s no update of a function is lost that tells many without a pause', async (_, reach) => {
  const client = await (await reach(new MCPClientBuilder({ name: 'c', version: '1.0.0' }))).build();
  ends.push(() => client.close());
  const seen: number[] = [];
  const onProgress = ({ progress }: { progress: number }): void => void seen.push(progress);
  await client.tools.call('eager', {}, { onProgress });
  expect(seen).toEqual(Array.from({ length: UPDATES }, (_update, i) => i + 1));
});
