import { Client as V2Client, StreamableHTTPClientTransport as V2Http } from '@modelcontextprotocol/client';
import { StdioClientTransport as V2Stdio } from '@modelcontextprotocol/client/stdio';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as V1Stdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as V1Http } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MCPServer } from '../src/index.ts';
import { deferred, settled } from './support/fake-clock.ts';
import { demoServer } from './support/demo-server.ts';

const INFO = { name: 'tester', version: '0.0.1' };
const STDIO = {
  command: process.execPath,
  args: ['--import', 'tsx', fileURLToPath(new URL('./support/demo-stdio.ts', import.meta.url))],
  cwd: fileURLToPath(new URL('../../../', import.meta.url)),
  stderr: 'pipe' as const,
} satisfies ConstructorParameters<typeof V2Stdio>[0];

/** A client of either SDK, as far as both are the same. */
type AnyClient = V2Client;

interface Setup {
  readonly client: AnyClient;
  readonly errors: Error[];
  /** Resolves when the `wait` tool of the server was cancelled. */
  readonly cancelled: Promise<void>;
  close(): Promise<void>;
}

const MODES = {
  'v2 auto': { era: 'modern', make: () => new V2Client(INFO, { versionNegotiation: { mode: 'auto' } }) },
  'v2 pinned': {
    era: 'modern',
    make: () => new V2Client(INFO, { versionNegotiation: { mode: { pin: '2026-07-28' } } }),
  },
  'v2 legacy': { era: 'legacy', make: () => new V2Client(INFO, { versionNegotiation: { mode: 'legacy' } }) },
  v1: { era: 'legacy', make: () => new V1Client(INFO) as unknown as AnyClient },
} as const;
type Mode = keyof typeof MODES;
const TRANSPORTS = ['HTTP', 'stdio', 'in memory'] as const;

async function connectTo(mode: Mode, transport: (typeof TRANSPORTS)[number]): Promise<Setup> {
  const client = MODES[mode].make();
  const errors: Error[] = [];
  client.onerror = (error) => errors.push(error);
  const waiting = deferred();
  const server = transport === 'stdio' ? undefined : demoServer(waiting.resolve);
  await client.connect(
    (await transportTo(mode, server, { inMemory: transport === 'in memory', onCancelled: waiting.resolve })) as never,
  );
  return {
    client,
    errors,
    cancelled: waiting.promise,
    async close() {
      await client.close();
      await server?.close();
    },
  };
}

async function transportTo(
  mode: Mode,
  server: MCPServer | undefined,
  to: { inMemory: boolean; onCancelled: () => void },
): Promise<unknown> {
  if (!server) {
    const stdio = mode === 'v1' ? new V1Stdio(STDIO) : new V2Stdio(STDIO);
    stdio.stderr?.on('data', to.onCancelled);
    return stdio;
  }
  if (to.inMemory) return server.connect();
  const url = new URL((await server.listen()).url);
  return mode === 'v1' ? new V1Http(url) : new V2Http(url);
}

const CASES = TRANSPORTS.flatMap((transport) =>
  (Object.keys(MODES) as Mode[]).map((mode) => [mode, transport] as const),
);

describe.each(CASES)('the official client %s over %s', (mode, transport) => {
  const { era } = MODES[mode];
  let setup: Setup;
  beforeAll(async () => {
    setup = await connectTo(mode, transport);
  });
  afterAll(async () => {
    expect(setup.errors).toEqual([]);
    await setup.close();
  });

  it('learns who the server is', () => {
    expect(setup.client.getServerVersion()).toMatchObject({ name: 'demo', version: '1.2.3' });
    expect(setup.client.getServerCapabilities()).toMatchObject({ tools: {}, prompts: {}, resources: {} });
    expect(setup.client.getInstructions()).toBe('Be kind.');
  });

  it('lists tools, prompts, resources and templates', async () => {
    const { client } = setup;
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'greet',
      'number',
      'object',
      'full',
      'progress',
      'release',
      'wait',
      'fail',
    ]);
    expect(tools[0]).toMatchObject({ description: 'Greets', inputSchema: { type: 'object', required: ['name'] } });
    expect((await client.listPrompts()).prompts).toMatchObject([
      { name: 'ask', arguments: [{ name: 'topic', required: true }] },
    ]);
    expect((await client.listResources()).resources.map(({ uri }) => uri)).toEqual(['demo://text', 'demo://bytes']);
    expect((await client.listResourceTemplates()).resourceTemplates).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, object]>([
    ['greet', { name: 'Ann' }, { content: [{ type: 'text', text: 'Hello, Ann!' }] }],
    ['number', {}, { content: [{ type: 'text', text: '42' }] }],
    ['object', {}, { structuredContent: { a: [1, 'é'] }, content: [{ type: 'text', text: '{"a":[1,"é"]}' }] }],
    ['full', {}, { structuredContent: { n: 1 }, content: [{ type: 'text', text: 'all of it' }], _meta: { own: true } }],
    ['fail', {}, { isError: true, content: [{ text: 'out of tea' }] }],
    [
      'greet',
      { name: 5 },
      {
        isError: true,
        content: [{ text: expect.stringContaining('Invalid arguments for greet: at "name"') as string }],
      },
    ],
  ])('calls %s with %j', async (name, args, expected) => {
    expect(await setup.client.callTool({ name, arguments: args })).toMatchObject(expected);
  });

  it('hears of progress', async () => {
    const heard: unknown[] = [];
    const onprogress = (progress: unknown): void => {
      if (heard.push(progress) === 2) void setup.client.callTool({ name: 'release', arguments: {} });
    };
    const call = { name: 'progress', arguments: {} };
    const result =
      mode === 'v1'
        ? await (setup.client as unknown as V1Client).callTool(call, undefined, { onprogress })
        : await setup.client.callTool(call, { onprogress });
    expect(result).toMatchObject({ content: [{ text: 'done' }] });
    expect(heard).toMatchObject([{ progress: 1, total: 2, message: 'step' }, { progress: 2 }]);
  });

  it('gets prompts and reads resources', async () => {
    const { client } = setup;
    expect((await client.getPrompt({ name: 'ask', arguments: { topic: 'tea' } })).messages).toMatchObject([
      { role: 'user', content: { text: 'About tea?' } },
    ]);
    expect((await client.readResource({ uri: 'demo://text' })).contents).toMatchObject([
      { text: 'content', mimeType: 'text/plain' },
    ]);
    expect((await client.readResource({ uri: 'demo://bytes' })).contents).toMatchObject([{ blob: 'AQL/' }]);
  });

  it('is told what is not there', async () => {
    const { client } = setup;
    await expect(client.callTool({ name: 'nope', arguments: {} })).rejects.toMatchObject({ code: -32602 });
    await expect(client.getPrompt({ name: 'nope' })).rejects.toMatchObject({ code: -32602 });
    // The v2 client makes the modern code of the legacy one.
    const notFound = mode === 'v1' ? -32002 : -32602;
    await expect(client.readResource({ uri: 'demo://nope' })).rejects.toMatchObject({ code: notFound });
    await expect(client.getPrompt({ name: 'ask', arguments: {} })).rejects.toMatchObject({ code: -32602 });
  });

  if (era === 'legacy')
    it('pings', async () => {
      await expect(setup.client.ping()).resolves.toBeDefined();
    });

  if (era === 'modern')
    it('listens right after discovery, and stops', async () => {
      const subscription = await setup.client.listen({ toolsListChanged: true });
      expect(subscription.honoredFilter).toEqual({ toolsListChanged: true });
      await subscription.close();
      expect(await subscription.closed).toBe('local');
      await settled();
    });

  it('cancels a call, which stops at the server, and goes on', async () => {
    const abort = new AbortController();
    const call = { name: 'wait', arguments: {} };
    const waiting =
      mode === 'v1'
        ? (setup.client as unknown as V1Client).callTool(call, undefined, { signal: abort.signal })
        : setup.client.callTool(call, { signal: abort.signal });
    // The call is on its way before the one that is waited for.
    await setup.client.callTool({ name: 'number', arguments: {} });
    abort.abort('enough');
    await expect(waiting).rejects.toThrow();
    await setup.cancelled;
    expect(await setup.client.callTool({ name: 'number', arguments: {} })).toMatchObject({ content: [{ text: '42' }] });
  });
});

describe('the listChanged option of the official v2 client', () => {
  it.each(['auto', 'legacy'] as const)('opens no stream that fails: %s', async (mode) => {
    const server = demoServer();
    const errors: Error[] = [];
    const onChanged = (): void => undefined;
    const client = new V2Client(INFO, {
      versionNegotiation: { mode },
      listChanged: { tools: { onChanged }, prompts: { onChanged } },
    });
    client.onerror = (error) => errors.push(error);
    await client.connect(new V2Http(new URL((await server.listen()).url)));
    await client.listTools();
    await client.close();
    await server.close();
    expect(errors).toEqual([]);
  });
});
