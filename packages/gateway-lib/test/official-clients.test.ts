import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Gateway } from '../src/index.ts';
import { Child, Replica, tsFile } from './support/children.ts';
import {
  connectTo,
  connectToProgram,
  listen,
  MODES,
  WAYS,
  type AnyClient,
  type Listening,
  type Mode,
} from './support/clients.ts';
import { demoGateway } from './support/demo-gateway.ts';

let folder: string;
let replica: Replica;
let gateway: Gateway;
let listening: Listening;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'gateway-files-')));
  await writeFile(join(folder, 'note.txt'), 'a note');
  replica = await Replica.start();
  gateway = demoGateway(replica.url, folder);
  listening = await listen(gateway);
});

afterAll(async () => {
  await gateway.close();
  await listening.close();
  await replica.end();
  await rm(folder, { recursive: true });
});

const CASES = [...WAYS, 'stdio' as const].flatMap((kind) =>
  (Object.keys(MODES) as Mode[]).map((mode) => [mode, kind] as const),
);

describe.each(CASES)('the official client %s over %s', (mode, kind) => {
  let client: AnyClient;
  beforeAll(async () => {
    client =
      kind === 'stdio'
        ? await connectToProgram(mode, tsFile('demo-stdio.ts', replica.url, folder))
        : await connectTo(gateway, mode, { kind, url: listening.url });
  });
  afterAll(() => client.close());

  const call = async (name: string, args: Record<string, unknown> = {}): Promise<unknown> => {
    const { content } = await client.callTool({ name, arguments: args });
    return (content as { text: string }[])[0]?.text;
  };

  it('learns who the gateway is and what is behind it', () => {
    expect(client.getServerVersion()).toEqual({ name: 'mcp-gateway', version: '0.1.0' });
    expect(client.getServerCapabilities()).toMatchObject({
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { listChanged: true },
      completions: {},
    });
    expect(client.getInstructions()).toContain('# local\n\nLocal rules.');
  });

  it('lists what all upstreams have', async () => {
    const tools = (await client.listTools()).tools.map(({ name }) => name);
    expect(tools).toEqual(
      expect.arrayContaining(['local_add', 'v1_echo', 'v2_echo', 'web_echo', 'every_echo', 'files_read_text_file']),
    );
    expect(new Set(tools).size).toBe(tools.length);
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['local_greet', 'v1_pick', 'every_args-prompt']),
    );
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(
      expect.arrayContaining(['local://readme', 'demo://resource/static/document/features.md']),
    );
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual(
      expect.arrayContaining(['v1://items/{id}', 'v2://notes/{id}', 'demo://resource/dynamic/text/{resourceId}']),
    );
  });

  it('calls a tool of each upstream', async () => {
    expect(await call('local_add', { a: 1, b: 2 })).toBe('3');
    expect(await call('v1_echo', { text: 'x' })).toBe('v1 x');
    expect(await call('v2_echo', { text: 'x' })).toBe('v2 x');
    expect(await call('web_echo', { text: 'x' })).toBe('x');
    expect(await call('every_echo', { message: 'x' })).toBe('Echo: x');
    expect(await call('files_read_text_file', { path: join(folder, 'note.txt') })).toBe('a note');
  });

  it.each([
    ['local_count', {}, 5],
    ['every_trigger-long-running-operation', { duration: 0.05, steps: 3 }, 3],
  ])('hears the progress of %s in order', async (name, args, steps) => {
    const heard: number[] = [];
    await client.callTool(
      { name, arguments: args },
      ...([
        ...(mode === 'v1' ? [undefined] : []),
        { onprogress: ({ progress }: { progress: number }) => heard.push(progress) },
      ] as never[]),
    );
    const told = Array.from({ length: steps }, (_, index) => index + 1);
    // An official client drops progress that it reads in one chunk with the result: the wire is looked at below.
    expect(heard).toEqual(kind === 'stdio' ? told.slice(0, heard.length) : told);
  });

  it('completes the argument of a prompt and of a template', async () => {
    const prompt = await client.complete({
      ref: { type: 'ref/prompt', name: 'v1_pick' },
      argument: { name: 'fruit', value: 'ap' },
    });
    expect(prompt.completion.values).toEqual(['apple', 'apricot']);
    const template = await client.complete({
      ref: { type: 'ref/resource', uri: 'demo://resource/dynamic/text/{resourceId}' },
      argument: { name: 'resourceId', value: '1' },
    });
    expect(template.completion.values).toEqual(['1']);
  });

  it('gets a prompt, reads a resource and what templates name', async () => {
    expect((await client.getPrompt({ name: 'local_greet' })).messages[0]?.content).toEqual({
      type: 'text',
      text: 'Say hello.',
    });
    const read = async (uri: string): Promise<unknown> => (await client.readResource({ uri })).contents[0];
    expect(await read('local://readme')).toMatchObject({ text: 'Read me.' });
    expect(await read('v1://items/7')).toMatchObject({ uri: 'v1://items/7', text: 'item 7' });
    expect(await read('v2://notes/7')).toMatchObject({ text: 'note 7' });
    expect(await read('demo://resource/dynamic/text/1')).toMatchObject({ uri: 'demo://resource/dynamic/text/1' });
  });

  it('is told what is unknown, and goes on', async () => {
    await expect(client.callTool({ name: 'web_nope' })).rejects.toMatchObject({
      code: -32602,
      message: /Unknown tool: web_nope/,
    });
    await expect(client.getPrompt({ name: 'nope' })).rejects.toThrow('Unknown prompt: nope');
    await expect(client.readResource({ uri: 'nope://x' })).rejects.toThrow('Unknown resource: nope://x');
    const request = client.request({ method: 'acme/unknown', params: {} }, z.looseObject({}));
    await expect(request).rejects.toThrow('acme/unknown');
    expect(await call('local_add', { a: 2, b: 2 })).toBe('4');
  });
});

describe('progress on the standard streams', () => {
  it('comes complete, in order, before the result, with the token of the caller', async () => {
    const host = new Child(tsFile('demo-stdio.ts', replica.url, folder));
    const messages: Record<string, unknown>[] = [];
    createInterface(host.process.stdout!).on('line', (line) =>
      messages.push(JSON.parse(line) as Record<string, unknown>),
    );
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
      progressToken: 'mine',
    };
    const params = { name: 'local_count', arguments: {}, _meta };
    host.process.stdin!.write(`${JSON.stringify({ jsonrpc: '2.0', id: 'a', method: 'tools/call', params })}\n`);
    await vi.waitFor(() => expect(messages.at(-1)).toMatchObject({ id: 'a' }), { timeout: 10_000 });
    expect(messages.slice(0, -1).map(({ params }) => params)).toEqual(
      [1, 2, 3, 4, 5].map((progress) => ({ progressToken: 'mine', progress, total: 5 })),
    );
    host.process.stdin!.end();
    await host.exited;
    expect(host.process.exitCode).toBe(0);
  });
});
