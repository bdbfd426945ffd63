import { once } from 'node:events';
import { request as rawRequest } from 'node:http';
import { connect } from 'node:net';
import express from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { startHttp } from '../../test/support/http-server.ts';
import { modern, rawClient } from '../../test/support/raw-http.ts';
import { McpError } from '../core/errors.ts';
import { MCPServerBuilder } from '../server/builder.ts';
import type { HttpHandler, StreamSink } from './http-message.ts';
import { listenHttp } from './listen.node.ts';
import * as needsNode from './needs-node.ts';
import { toNode } from './node.node.ts';
import * as platformWeb from '../platform.web.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});
const server = () =>
  new MCPServerBuilder({ name: 's', version: '1' }).addTool({ name: 't', handler: () => 'x' }).build();
const CALL = modern('tools/call', { name: 't' });
const post = async (url: string): Promise<number> => {
  const send = rawClient(url);
  cleanups.push(() => send.close());
  return (await send({ headers: CALL.headers, body: JSON.stringify(CALL.message) })).status;
};

describe('listening', () => {
  it('is on loopback and a free port, under the given path', async () => {
    const one = server();
    const listener = await one.listen({ path: '/here' });
    expect(listener.url).toBe(`http://127.0.0.1:${listener.port}/here`);
    expect(await post(`${listener.url}?query=1`)).toBe(200);
    await one.close();
    await expect(post(listener.url)).rejects.toThrow();
  });

  it('is possible on IPv6', async () => {
    const one = server();
    const listener = await one.listen({ host: '::1' }).catch(() => undefined);
    if (listener) expect(await post(listener.url)).toBe(200);
    await one.close();
  });

  it.each<[string, (taken: number) => number, string]>([
    ['taken', (taken) => taken, 'unavailable'],
    ['no port', () => 70_000, 'invalid_options'],
    ['negative', () => -1, 'invalid_options'],
  ])('says what is wrong with a port that is %s', async (_, port, code) => {
    const one = server();
    const { port: taken } = await one.listen();
    await expect(server().listen({ port: port(taken) })).rejects.toMatchObject({ code });
    await one.close();
  });
});

it.each<[unknown, string]>([
  [3999, 'listen() was given 3999; allowed: an object such as { port: 3000 }.'],
  ['3999', 'listen() was given "3999"; allowed: an object such as { port: 3000 }.'],
  [null, 'listen() was given null; allowed: an object such as { port: 3000 }.'],
  [{ port: '0' }, 'port is "0"; allowed: an integer from 0 to 65535.'],
])('listen(%j) says what is allowed', async (options, message) => {
  await expect(server().listen(options as never)).rejects.toMatchObject({ code: 'invalid_options', message });
});

describe('closing', () => {
  it('waits for what runs and not for connections that are kept alive', async () => {
    let release = (): void => undefined;
    const running = new Promise<void>((resolve) => (release = resolve));
    let entered = (): void => undefined;
    const started = new Promise<void>((resolve) => (entered = resolve));
    const one = await listenHttp(async () => {
      entered();
      await running;
      return { status: 200, headers: {} };
    });
    const send = rawClient(one.url);
    cleanups.push(() => send.close());
    const answer = send({ body: '{}' });
    await started;
    // Opened ahead of time and never used, as undici does.
    const spare = connect(one.port, '127.0.0.1');
    await once(spare, 'connect');
    const order: string[] = [];
    const closing = one.close().then(() => order.push('closed'));
    const began = performance.now();
    release();
    expect((await answer).status).toBe(200);
    order.push('answered');
    await closing;
    expect(order).toEqual(['answered', 'closed']);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});

describe('mounted elsewhere', () => {
  it('takes the body that Express has parsed', async () => {
    for (const parser of [[], [express.json()], [express.text({ type: '*/*' })], [express.raw({ type: '*/*' })]]) {
      const app = express();
      app.post('/mcp', ...parser, server().handle as never);
      const http = await startHttp(app);
      cleanups.push(() => http.close());
      expect(await post(http.url.href)).toBe(200);
    }
  });
});

describe('a body', () => {
  it('that is announced as too long is refused before it comes, one that is not as soon as it is', async () => {
    const one = await listenHttp((request) =>
      request.body(1000).then(
        () => ({ status: 200, headers: {} }),
        (thrown: unknown) => ({ status: McpError.from(thrown).status, headers: {} }),
      ),
    );
    cleanups.push(() => one.close());
    for (const announced of [true, false]) {
      const req = rawRequest(one.url, { method: 'POST', headers: announced ? { 'content-length': 5_000_000 } : {} });
      req.write(Buffer.alloc(announced ? 10 : 100_000));
      const [res] = (await once(req, 'response')) as [{ statusCode: number }];
      expect(res.statusCode).toBe(413);
      req.destroy();
    }
  });

  it('that never ends is not read for ever', async () => {
    const one = server();
    const { port } = await one.listen();
    cleanups.push(() => one.close());
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    socket.write('POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n');
    socket.write('transfer-encoding: chunked\r\n\r\n');
    let answer = '';
    socket.on('data', (chunk) => (answer += String(chunk)));
    const cut = new Promise((resolve) => socket.once('close', resolve));
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    for (let i = 0; i < 2_048 && !socket.destroyed; i++)
      if (!socket.write(chunk)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), cut]);
    expect(answer).toContain('413');
    expect(socket.destroyed).toBe(true);
  });
});

describe('a caller that goes away', () => {
  it('aborts its call, and its stream is read to the end all the same', async () => {
    const seen: string[] = [];
    let release = (): void => undefined;
    const finished = new Promise<void>((resolve) => (release = resolve));
    const one = await listenHttp(async (request) => {
      await request.body(1000);
      const gone = once(request.signal, 'abort');
      socket.destroy();
      await gone;
      seen.push('aborted');
      return {
        status: 200,
        headers: {},
        stream: async (sink) => {
          await sink.write('x');
          seen.push('read');
          release();
        },
      };
    });
    cleanups.push(() => one.close());
    const socket = connect(one.port, '127.0.0.1');
    socket.write('POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}');
    await finished;
    expect(seen).toEqual(['aborted', 'read']);
  });
});

describe('what is thrown while a response is made', () => {
  const broken: Record<string, HttpHandler> = {
    'a status that is none': () => Promise.resolve({ status: 42, headers: {} }),
    'a header that is none': () => Promise.resolve({ status: 200, headers: { x: 'a\nb' } }),
    'a stream with a header that is none': () =>
      Promise.resolve({ status: 200, headers: { x: 'a\nb' }, stream: () => Promise.resolve() }),
    'a handler that rejects': () => Promise.reject(new Error('secret')),
  };

  it.each(Object.keys(broken))('becomes a 500 that tells nothing: %s', async (name) => {
    const handle = toNode(broken[name] as HttpHandler);
    let handled: Promise<void> | undefined;
    const http = await startHttp((req, res) => void (handled = handle(req, res)));
    cleanups.push(() => http.close());
    const send = rawClient(http.url.href);
    cleanups.push(() => send.close());
    expect(await send({ body: '{}' })).toMatchObject({
      status: 500,
      json: { id: null, error: { code: -32603, message: 'Internal error.' } },
    });
    await expect(handled).resolves.toBeUndefined();
  });

  it('cuts the response once its head is sent', async () => {
    const handle = toNode(() =>
      Promise.resolve({
        status: 200,
        headers: {},
        stream: async (sink) => {
          await sink.write('x');
          throw new Error('secret');
        },
      }),
    );
    let handled: Promise<void> | undefined;
    const http = await startHttp((req, res) => void (handled = handle(req, res)));
    cleanups.push(() => http.close());
    const send = rawClient(http.url.href);
    cleanups.push(() => send.close());
    await expect(send({ body: '{}' })).rejects.toThrow();
    await expect(handled).resolves.toBeUndefined();
  });
});

describe('a caller that has gone before its body is read', () => {
  it.each([
    ['in the middle of it', '{"a'],
    ['after the whole of it', '{"a":1}      '],
  ])('is noticed: %s', async (_, body) => {
    let outcome: unknown;
    let handled: Promise<void> | undefined;
    let entered = (): void => undefined;
    const started = new Promise<void>((resolve) => (entered = resolve));
    const handle = toNode(async (request) => {
      const gone = once(request.signal, 'abort');
      entered();
      await gone;
      outcome = await request.body(1000).catch((thrown: unknown) => McpError.from(thrown).code);
      return { status: 499, headers: {} };
    });
    const http = await startHttp((req, res) => void (handled = handle(req, res)));
    cleanups.push(() => http.close());
    const socket = connect(Number(http.url.port), '127.0.0.1');
    socket.write(`POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 13\r\n\r\n${body}`);
    await started;
    socket.destroy();
    await handled;
    expect(outcome).toBe('cancelled');
  });
});

describe('what needs Node', () => {
  it.each(['drain', 'listenHttp', 'serveStdio', 'toNode'] as const)('says so on other runtimes: %s', (name) => {
    expect(() => needsNode[name]()).toThrow(/needs Node/);
    expect(platformWeb[name]).toBe(needsNode[name]);
  });
});

it('a stream that many wait to write to looks like no leak', async () => {
  let counted = 0;
  const stream = async ({ write }: StreamSink): Promise<void> => {
    await Promise.all(Array.from({ length: 20 }, () => Promise.resolve(write('x'.repeat(1_000_000)))));
  };
  const handle = toNode(() => Promise.resolve({ status: 200, headers: {}, stream }));
  const http = await startHttp((req, res) => {
    void handle(req, res);
    setImmediate(() => (counted = res.listenerCount('drain')));
  });
  cleanups.push(http.close);
  expect((await (await fetch(http.url)).text()).length).toBe(20_000_000);
  expect(counted).toBeLessThanOrEqual(2);
});
