import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Gateway } from '../src/index.ts';
import { EVERYTHING, ROOT } from './support/children.ts';
import { listen, type Listening } from './support/clients.ts';
import { localServer } from './support/demo-gateway.ts';

const INSPECTOR = `${ROOT}node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js`;
const run = promisify(execFile);

let gateway: Gateway;
let listening: Listening;

beforeAll(async () => {
  gateway = new Gateway({ upstreams: { local: { server: localServer() }, every: EVERYTHING } });
  listening = await listen(gateway);
});

afterAll(async () => {
  await gateway.close();
  await listening.close();
});

describe.each(['legacy', 'auto', 'modern'])('MCP Inspector in the era %s', (era) => {
  const inspect = async (...args: string[]): Promise<unknown> => {
    const target = ['--cli', listening.url, '--transport', 'http', '--protocol-era', era];
    const { stdout } = await run(process.execPath, [INSPECTOR, ...target, ...args]);
    return JSON.parse(stdout);
  };

  it('lists the tools of all upstreams', async () => {
    const { tools } = (await inspect('--method', 'tools/list')) as { tools: { name: string }[] };
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['local_add', 'every_echo']));
  });

  it.each([
    ['local_add', ['a=1', 'b=2'], '3'],
    ['every_echo', ['message=hi'], 'Echo: hi'],
  ])('calls %s', async (tool, args, text) => {
    const result = await inspect('--method', 'tools/call', '--tool-name', tool, '--tool-arg', ...args);
    expect(result).toMatchObject({ content: [{ type: 'text', text }] });
  });
});
