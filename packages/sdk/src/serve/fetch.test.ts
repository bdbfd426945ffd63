import { describe, expect, it } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { createCall } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { Payload } from '../core/payload.ts';
import { streamReply, type Message } from '../core/reply.ts';
import { encodeRequest } from '../wire/encode.ts';
import { PushQueue } from '../wire/queue.ts';
import { toFetch } from './fetch.ts';
import { serveHttp } from './http.ts';
import type { Fact } from '../core/telemetry.ts';
import type { EdgeOptions } from './edge.ts';

const URL_HERE = 'http://localhost/mcp';
const HEADERS = {
  'content-type': 'application/json',
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/list',
};
const BODY = encodeRequest(1, 'tools/list', createCall('tools/list').params) as string;
const note = (n: number): Message => ({
  kind: 'notification',
  method: 'notifications/progress',
  params: Payload.of({ n }),
});
const END: Message = { kind: 'result', result: Payload.of({ resultType: 'complete' }) };

const post = (body: string | ReadableStream<Uint8Array> = BODY, init: RequestInit = {}): Request =>
  new Request(URL_HERE, { method: 'POST', headers: HEADERS, body, ...init });

function streaming(options: EdgeOptions = {}): {
  queue: PushQueue<Message>;
  serve: (request: Request) => Promise<Response>;
  signal: () => AbortSignal | undefined;
  cancelled: () => boolean;
} {
  const queue = new PushQueue<Message>();
  let signal: AbortSignal | undefined;
  let cancelled = false;
  const handler: Handler = (call) => {
    signal = call.signal;
    call.signal.addEventListener('abort', () => queue.end(new McpError('cancelled', 'x')));
    return Promise.resolve(streamReply(queue, () => (cancelled = true)));
  };
  return {
    queue,
    serve: toFetch(serveHttp(handler, options).handle),
    signal: () => signal,
    cancelled: () => cancelled,
  };
}

describe('a web-standard request', () => {
  it('is answered with a stream of events', async () => {
    const { queue, serve } = streaming();
    for (const message of [note(1), note(2), END]) queue.push(message);
    queue.end();
    const response = await serve(post());
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect((await response.text()).match(/^data: .*$/gm)).toHaveLength(3);
  });

  it('keeps a quiet stream open, and stops when it ends', async () => {
    const clock = new FakeClock();
    const { queue, serve } = streaming({ clock, keepAliveMs: 10 });
    const reader = (await serve(post())).body?.getReader();
    clock.advance(10);
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(':\n\n');
    queue.push(END);
    queue.end();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('resultType');
    expect((await reader?.read())?.done).toBe(true);
    expect(clock.waiting).toBe(0);
  });

  it('goes on with its stream after a slow reader made both a message and a keep-alive wait', async () => {
    const clock = new FakeClock();
    const { queue, serve } = streaming({ clock, keepAliveMs: 10 });
    const response = await serve(post());
    for (const message of [note(1), note(2), note(3)]) queue.push(message);
    await settled();
    clock.advance(10);
    queue.push(END);
    queue.end();
    expect(await response.text()).toContain('resultType');
  });

  it('aborts its call when the reader of the response goes away', async () => {
    const { queue, serve, signal, cancelled } = streaming();
    queue.push(note(1));
    const response = await serve(post());
    await response.body?.cancel();
    expect(signal()?.aborted).toBe(true);
    await settled();
    expect(cancelled()).toBe(false);
  });

  it('aborts its call when the request is aborted, even before it came here', async () => {
    for (const late of [true, false]) {
      const { queue, serve, signal } = streaming();
      queue.push(note(1));
      const abort = new AbortController();
      const request = post(BODY, { signal: abort.signal });
      if (!late) abort.abort();
      const serving = serve(request).catch(() => undefined);
      if (late) await serving;
      abort.abort();
      await serving;
      expect(signal()?.aborted ?? true).toBe(true);
    }
  });

  it('is read up to the limit, whether or not its length is announced', async () => {
    const { serve } = streaming({ limits: { maxBytes: 1000 } });
    const chunks = (): ReadableStream<Uint8Array> =>
      new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(400)) });
    const endless = post(chunks(), { duplex: 'half' });
    expect((await serve(endless)).status).toBe(413);
    const announced = new Request(URL_HERE, {
      method: 'POST',
      headers: { ...HEADERS, 'content-length': '5000' },
      body: BODY,
    });
    expect((await serve(announced)).status).toBe(413);
  });

  it('with a body that breaks off, or that somebody else has read, is no fault of the server', async () => {
    const facts: Fact[] = [];
    const { serve } = streaming({ telemetry: { record: (fact) => void facts.push(fact) } });
    const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('reset')) });
    expect((await serve(post(broken, { duplex: 'half' }))).status).toBe(499);
    const read = post();
    await read.text();
    expect((await serve(read)).status).toBe(400);
    expect(facts.map(({ severity }) => severity)).toEqual(['debug', 'debug']);
  });

  it('without a body is refused', async () => {
    const { serve } = streaming();
    const response = await serve(new Request(URL_HERE, { method: 'POST', headers: HEADERS }));
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code: -32700 } }]);
  });

  it('is checked against hosts when they are given', async () => {
    expect(
      (await streaming({ hosts: ['mine.example'] }).serve(new Request('http://other.example/', { method: 'GET' })))
        .status,
    ).toBe(403);
    expect((await streaming().serve(new Request('http://other.example/', { method: 'GET' }))).status).toBe(405);
  });
});

describe('what is thrown while a response is made', () => {
  it.each([
    ['a status that is none', () => Promise.resolve({ status: 42, headers: {} })],
    ['a handler that rejects', () => Promise.reject(new Error('secret'))],
  ])('becomes a 500 that tells nothing: %s', async (_, handle) => {
    const response = await toFetch(handle)(post());
    expect([response.status, await response.json()]).toMatchObject([500, { error: { message: 'Internal error.' } }]);
  });

  it('breaks the stream', async () => {
    const stream = (): Promise<void> => Promise.reject(new Error('secret'));
    const response = await toFetch(() => Promise.resolve({ status: 200, headers: {}, stream }))(post());
    await expect(response.text()).rejects.toThrow('Internal error.');
  });
});

describe('a handler whose messages cannot be written', () => {
  const broken: Message = { kind: 'result', result: Payload.of<Record<string, unknown>>({ big: 1n }) };

  it('is answered with an error and the id when it streams', async () => {
    const { queue, serve } = streaming();
    for (const message of [note(1), broken]) queue.push(message);
    queue.end();
    const events = await (await serve(post())).text();
    expect(events).toContain('"id":1,"error":{"code":-32603');
  });

  it('is answered with an error and the id when it does not', async () => {
    const { resultReply } = await import('../core/reply.ts');
    const serve = toFetch(serveHttp(() => Promise.resolve(resultReply(broken.result))).handle);
    const response = await serve(post());
    expect([response.status, await response.json()]).toMatchObject([500, { id: 1, error: { code: -32603 } }]);
  });
});
