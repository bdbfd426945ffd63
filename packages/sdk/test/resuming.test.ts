import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client as V2Client, StreamableHTTPClientTransport as V2Http } from '@modelcontextprotocol/client';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as V1Http } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, it } from 'vitest';
import { deferred, FakeClock, settled } from './support/fake-clock.ts';
import { startHttp } from './support/http-server.ts';
import { MCPServerBuilder, type EdgeOptions, type MCPServer } from '../src/index.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

/** A server with a tool that tells of something, waits for `go`, tells more and ends. */
function slowServer(clock?: FakeClock, options: EdgeOptions = {}) {
  const gate = deferred();
  const server = new MCPServerBuilder({ name: 'slow', version: '1.0.0', ...options, ...(clock ? { clock } : {}) })
    .addTool({
      name: 'silent',
      handler: async () => {
        await gate.promise;
        return 'done';
      },
    })
    .addTool({
      name: 'slow',
      handler: async (_params, { progress }) => {
        progress(1, 3);
        await gate.promise;
        progress(2, 3);
        progress(3, 3);
        return 'done';
      },
    })
    .build();
  return { server, go: gate.resolve };
}

/** A legacy session, spoken to by `Request` objects. */
async function openSession(server: MCPServer, version = '2025-11-25') {
  const url = 'http://localhost/mcp';
  const post = (message: object, headers: Record<string, string>): Promise<Response> =>
    server.fetch(
      new Request(url, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(message) }),
    );
  const params = { protocolVersion: version, capabilities: {}, clientInfo: { name: 'c', version: '1' } };
  const opened = await post({ jsonrpc: '2.0', id: 0, method: 'initialize', params }, {});
  const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  return {
    call: (id: number, name = 'slow') => {
      const slow = { name, _meta: { progressToken: 'p' } };
      return post({ jsonrpc: '2.0', id, method: 'tools/call', params: slow }, session);
    },
    get: (lastEventId?: string) =>
      server.fetch(
        new Request(url, {
          headers: { ...session, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) },
        }),
      ),
    end: () => server.fetch(new Request(url, { method: 'DELETE', headers: session })),
  };
}

interface SeenEvent {
  readonly id: string;
  readonly data: string;
}

/** Reads events of a response until `count` have come or it ends; then the connection is let go. */
async function eventsOf(response: Response, count = Infinity): Promise<SeenEvent[]> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = '';
  const seen = (): SeenEvent[] =>
    [...text.matchAll(/id: (\S+)\n(?:retry: \d+\n)?(?:event: message\n)?data: (.*)\n\n/g)].map(([, id, data]) => ({
      id: `${id}`,
      data: `${data}`,
    }));
  while (seen().length < count) {
    const { done, value } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  await reader.cancel();
  return seen();
}

const DONE = { content: [{ type: 'text', text: 'done' }] };

const progressIn = (events: SeenEvent[]): unknown[] =>
  events
    .filter(({ data }) => data !== '')
    .map(({ data }) => {
      const { params, result } = JSON.parse(data) as { params?: { progress: number }; result?: unknown };
      return params?.progress ?? result;
    });

describe('the reply of a legacy call', () => {
  it('starts with an event to come back to, from the revision on that knows it', async () => {
    const { server, go } = slowServer();
    go();
    const modern = await eventsOf(await (await openSession(server)).call(1));
    expect(modern[0]).toMatchObject({ data: '' });
    const old = await eventsOf(await (await openSession(server, '2025-06-18')).call(1));
    expect(old.map(({ data }) => data)).not.toContain('');
  });

  it('is got to its end by whoever comes back, with nothing twice and nothing missing', async () => {
    const { server, go } = slowServer();
    const session = await openSession(server);
    const first = await eventsOf(await session.call(1), 2);
    go();
    await settled();
    const second = await eventsOf(await session.get(first.at(-1)?.id));
    expect(progressIn(first)).toEqual([1]);
    expect(progressIn(second)).toMatchObject([2, 3, DONE]);
    const again = await eventsOf(await session.get(second.at(-2)?.id));
    expect(progressIn(again)).toMatchObject([DONE]);
  });

  it('is another session’s business only', async () => {
    const { server, go } = slowServer();
    const [session, other] = [await openSession(server), await openSession(server)];
    const [priming] = await eventsOf(await session.call(1), 1);
    const refused = await other.get(priming?.id);
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { code: -32600 } }]);
    go();
  });

  it('is not kept for ever', async () => {
    const clock = new FakeClock();
    const { server, go } = slowServer(clock);
    go();
    const session = await openSession(server);
    const [priming] = await eventsOf(await session.call(1), 1);
    await settled();
    clock.advance(60_000);
    expect((await session.get(priming?.id)).status).toBe(400);
  });
});

describe('the reply of a legacy call that is polled for', () => {
  const pollAfterMs = 500;

  it('gives the connection back, and is got by whoever comes back', async () => {
    const clock = new FakeClock();
    const { server, go } = slowServer(clock, { pollAfterMs });
    const session = await openSession(server);
    const calling = session.call(1, 'silent');
    await settled();
    clock.advance(pollAfterMs);
    const first = await eventsOf(await calling);
    expect(first).toMatchObject([{ data: '' }]);
    const coming = session.get(first[0]?.id);
    go();
    expect(progressIn(await eventsOf(await coming))).toMatchObject([DONE]);
  });

  it('stays on its connection for a client that does not know how to come back, or when it is there in time', async () => {
    const clock = new FakeClock();
    const { server, go } = slowServer(clock, { pollAfterMs });
    const calling = (await openSession(server, '2025-06-18')).call(1, 'silent');
    await settled();
    clock.advance(pollAfterMs);
    go();
    expect(await (await calling).json()).toMatchObject({ result: DONE });
    const inTime = await (await openSession(server)).call(2, 'silent');
    expect(await inTime.json()).toMatchObject({ result: DONE });
  });
});

it('a process that waits to come back for a reply does not end', async () => {
  let finish!: (text: string) => void;
  const server = new MCPServerBuilder({ name: 'slow', version: '1.0.0', pollAfterMs: 1 })
    .addTool({ name: 'slow', handler: () => new Promise<string>((resolve) => (finish = resolve)) })
    .build();
  const { url, close } = await startHttp((req, res) => {
    if (req.method === 'GET') finish('done');
    void server.handle(req, res);
  });
  const script = `
    const { MCPClientBuilder } = await import('./packages/sdk/src/index.ts');
    const client = await new MCPClientBuilder({ name: 'c', version: '1' }).era('legacy').http('${url.href}').build();
    const { content } = await client.tools.call('slow');
    await client.close();
    process.stdout.write(content[0].text);
  `;
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { cwd });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  expect([output, code]).toEqual(['done', 0]);
  await server.close();
  await close();
}, 30_000);

describe('the stream of changes of a legacy session', () => {
  it('keeps what happens while its client is away for a moment', async () => {
    const { server } = slowServer();
    const session = await openSession(server);
    const [priming] = await eventsOf(await session.get(), 1);
    server.tools.add({ name: 'new', handler: () => 'new' });
    await settled();
    const back = await eventsOf(await session.get(priming?.id), 2);
    expect(back[1]?.data).toContain('notifications/tools/list_changed');
    await session.end();
  });

  it('ends when its client stays away, and with the session', async () => {
    const clock = new FakeClock();
    const { server } = slowServer(clock);
    const session = await openSession(server);
    const before = clock.waiting;
    await eventsOf(await session.get(), 1);
    await settled();
    expect(clock.waiting).toBe(before + 1);
    clock.advance(60_000);
    await settled();
    expect(clock.waiting).toBe(before);
    const open = await session.get();
    await session.end();
    expect((await eventsOf(open)).length).toBe(1);
    expect(clock.waiting).toBe(0);
  });
});

describe.each([
  ['v1', () => new V1Client({ name: 'c', version: '1' }) as unknown as V2Client, V1Http],
  ['v2', () => new V2Client({ name: 'c', version: '1' }, { versionNegotiation: { mode: 'legacy' } }), V2Http],
] as const)('the official client %s', (_, create, Transport) => {
  it('gets its answer though the connection breaks in the middle', async () => {
    const { server, go } = slowServer();
    const { url } = await server.listen();
    let isFirst = true;
    // Cuts the first event stream after one message.
    const cut = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const response = await fetch(input, init);
      const isStream = init?.method === 'POST' && response.headers.get('content-type') === 'text/event-stream';
      if (!isStream || !isFirst) return response;
      isFirst = false;
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      const body = new ReadableStream<Uint8Array>({
        async start(controller) {
          let text = '';
          while (!text.includes('"progress":1')) {
            const { value } = await reader.read();
            text += new TextDecoder().decode(value);
            controller.enqueue(value as Uint8Array);
          }
          await reader.cancel();
          go();
          controller.error(new Error('cut'));
        },
      });
      return new Response(body, { status: response.status, headers: response.headers });
    };
    const client = create();
    client.onerror = () => undefined;
    await client.connect(new Transport(new URL(url), { fetch: cut }));
    const seen: number[] = [];
    const onprogress = ({ progress }: { progress: number }): void => void seen.push(progress);
    const result = await client.callTool({ name: 'slow', arguments: {} }, ...(options(_, onprogress) as []));
    expect(result).toMatchObject({ content: [{ type: 'text', text: 'done' }] });
    expect(seen).toEqual([1, 2, 3]);
    expect(isFirst).toBe(false);
    await client.close();
    await server.close();
  });
});

/** The v1 client takes a schema before the options. */
const options = (sdk: string, onprogress: (update: { progress: number }) => void): unknown[] =>
  sdk === 'v1' ? [undefined, { onprogress }] : [{ onprogress }];
