import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, it } from 'vitest';

let program: ChildProcess;
let port = '';
beforeAll(async () => {
  program = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('embed.ts', import.meta.url))], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    env: { ...process.env, TSX_TSCONFIG_PATH: 'scripts/config/tsconfig.run.json', PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  for await (const text of program.stdout!) {
    printed += String(text);
    port = /port: (\d+)/.exec(printed)?.[1] ?? '';
    if (port) break;
  }
});
afterAll(() => program.kill());

it('the gateway of the README serves a server of this process and a child', async () => {
  const client = new Client({ name: 'reader', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)));
  const names = (await client.listTools()).tools.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['clock_now', 'everything_echo']));
  const result = await client.callTool({ name: 'everything_echo', arguments: { message: 'hi' } });
  expect(result).toMatchObject({ content: [{ text: 'Echo: hi' }] });
  await client.close();
});

it('is what the README shows', async () => {
  const [readme, code] = await Promise.all([read('../../README.md'), read('embed.ts')]);
  expect(readme).toContain(`\`\`\`ts\n${code}\`\`\``);
});

const read = (file: string): Promise<string> => readFile(new URL(file, import.meta.url), 'utf8');
