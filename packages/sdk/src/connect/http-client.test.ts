import { inspect } from 'node:util';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { MockAgent } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { startHttp, type TestHttpServer } from '../../test/support/http-server.ts';
import { text } from '../../test/support/property.ts';
import { McpError } from '../core/errors.ts';
import { createFetchClient } from './fetch-client.ts';
import {
  isEventStream,
  MAX_RESPONSE_BYTES,
  type HttpClient,
  type HttpClientRequest,
  type HttpClientResponse,
} from './http-client.ts';
import { createUndiciClient } from './undici.node.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

type Answer = (req: IncomingMessage, res: ServerResponse) => void;
const DRIVERS: [string, (url: URL) => HttpClient][] = [
  ['undici', (url) => createUndiciClient(url)],
  ['fetch', (url) => createFetchClient(url)],
];

async function open(
  create: (url: URL) => HttpClient,
  answer: Answer,
): Promise<{ server: TestHttpServer; client: HttpClient }> {
  const server = await startHttp(answer);
  const client = create(server.url);
  cleanups.push(
    () => server.close(),
    () => client.close(),
  );
  return { server, client };
}

const post = (more: Partial<HttpClientRequest> = {}): HttpClientRequest => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{"é":1}',
  signal: new AbortController().signal,
  ...more,
});
const events = (res: ServerResponse): ServerResponse =>
  res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
const stream = (response: HttpClientResponse): AsyncIterable<Uint8Array> => {
  expect(response.body).not.toBeInstanceOf(Uint8Array);
  return response.body as AsyncIterable<Uint8Array>;
};

describe.each(DRIVERS)('an HTTP client (%s)', (_, create) => {
  it('posts text and bytes, reads status, headers and body', async () => {
    const seen: string[] = [];
    const { client } = await open(create, (req, res) => {
      req.setEncoding('utf8').on('data', (chunk: string) => seen.push(`${req.method} ${req.url} ${chunk}`));
      req.on('end', () => res.writeHead(201, { 'x-a': 'b', 'content-type': 'application/json' }).end('{"ok":"é"}'));
    });
    for (const body of ['{"é":1}', new TextEncoder().encode('{"é":1}')]) {
      const response = await client.request(post({ body }));
      expect([
        response.status,
        response.header('x-a'),
        response.header('x-none'),
        text(response.body as Uint8Array),
      ]).toEqual([201, 'b', undefined, '{"ok":"é"}']);
    }
    expect(seen).toEqual(Array(2).fill('POST /mcp?x=1 {"é":1}'));
  });

  it.each(['GET', 'DELETE'] as const)('sends %s without a body', async (method) => {
    const { client } = await open(create, (req, res) => res.writeHead(204, { 'x-method': req.method }).end());
    const response = await client.request({ method, headers: {}, signal: new AbortController().signal });
    expect([response.status, response.header('x-method'), (response.body as Uint8Array).length]).toEqual([
      204,
      method,
      0,
    ]);
  });

  it('joins a body that comes in pieces', async () => {
    const { client } = await open(create, (_req, res) => {
      res.write('{"a":');
      setImmediate(() => res.end('1}'));
    });
    expect(text((await client.request(post())).body as Uint8Array)).toBe('{"a":1}');
  });

  it('hands out an event stream as it comes', async () => {
    const { client } = await open(create, (_req, res) => events(res).write('data: 1\n\n'));
    const reader = stream(await client.request(post()))[Symbol.asyncIterator]();
    expect(text((await reader.next()).value as Uint8Array)).toBe('data: 1\n\n');
    await reader.return?.();
  });

  it('reads an event stream to its end', async () => {
    const { client } = await open(create, (_req, res) => events(res).end('data: 1\n\n'));
    let all = '';
    for await (const chunk of stream(await client.request(post()))) all += text(chunk);
    expect(all).toBe('data: 1\n\n');
  });

  it('reads an event stream that is longer than any buffer', async () => {
    const chunk = 'x'.repeat(64 * 1024);
    const { client } = await open(create, (_req, res) => {
      events(res);
      let left = 64;
      const more = (): void => {
        while (left-- > 0) if (!res.write(chunk)) return void res.once('drain', more);
        res.end();
      };
      more();
    });
    let length = 0;
    for await (const part of stream(await client.request(post()))) length += part.length;
    expect(length).toBe(64 * chunk.length);
  });

  it('makes no call wait for streams that are open for long', async () => {
    const { client } = await open(create, (req, res) => {
      if (req.method === 'GET') events(res).write('data: 1\n\n');
      else res.end('{}');
    });
    const listen = () => {
      const { body: _, ...get } = post({ method: 'GET', isLasting: true });
      return client.request(get);
    };
    const streams = await Promise.all(Array.from({ length: 70 }, listen));
    expect((await client.request(post())).status).toBe(200);
    for (const each of streams) each.cancel();
  });

  it('does not quote a header that cannot be sent', async () => {
    const { client } = await open(create, (_req, res) => res.end());
    const thrown: unknown = await client
      .request(post({ headers: { authorization: 'Bearer s3cret\nx' } }))
      .catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(McpError);
    expect(inspect(thrown, { depth: 9 })).not.toContain('s3cret');
  });

  const closing = async (end: (response: HttpClientResponse) => unknown): Promise<void> => {
    let closed: Promise<unknown> | undefined;
    const { client } = await open(create, (_req, res) => {
      closed = once(res, 'close');
      events(res).write('data: 1\n\n');
    });
    const response = await client.request(post());
    await end(response);
    await closed;
  };

  it('frees the connection when the rest is cancelled', () => closing((response) => response.cancel()));

  it('frees the connection when its reader stops', () =>
    closing(async (response) => {
      for await (const chunk of stream(response)) if (chunk) break;
    }));

  it('fails a stream that is aborted, with the reason or an end', async () => {
    const abort = new AbortController();
    const { client } = await open(create, (_req, res) => events(res).write('data: 1\n\n'));
    const reader = stream(await client.request(post({ signal: abort.signal })))[Symbol.asyncIterator]();
    await reader.next();
    const next = reader.next();
    abort.abort(new McpError('timeout', 'late'));
    await expect(next).rejects.toBeInstanceOf(McpError);
  });

  it('fails a stream that is cut off', async () => {
    const { client } = await open(create, (_req, res) => {
      events(res).write('data: 1\n\n', () => res.destroy());
    });
    const read = async (): Promise<void> => {
      for await (const chunk of stream(await client.request(post()))) expect(chunk).toBeDefined();
    };
    await expect(read()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('fails with the reason when it is aborted: before, and while it waits', async () => {
    const { client } = await open(create, () => undefined);
    const reason = new McpError('timeout', 'late');
    await expect(client.request(post({ signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
    const abort = new AbortController();
    const waiting = client.request(post({ signal: abort.signal }));
    setImmediate(() => abort.abort(reason));
    await expect(waiting).rejects.toBe(reason);
  });

  it('refuses a response that is too long, before it has ended', async () => {
    const chunk = Buffer.alloc(1024 * 1024);
    const { client } = await open(create, (_req, res) => {
      const more = (): void => {
        while (!res.destroyed) if (!res.write(chunk)) return void res.once('drain', more);
      };
      more();
    });
    await expect(client.request(post())).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(String(MAX_RESPONSE_BYTES)) as string,
    });
  });

  it('says which server cannot be reached, and not how it was asked', async () => {
    const server = await startHttp(() => undefined);
    await server.close();
    const client = create(new URL(`/?key=secret`, server.url));
    cleanups.push(() => client.close());
    await expect(client.request(post())).rejects.toThrow(
      expect.objectContaining({
        code: 'unavailable',
        message: expect.stringMatching(/^(?!.*secret).*127\.0\.0\.1.*\(ECONNREFUSED\)/) as string,
      }),
    );
  });

  it('fails when the server hangs up without an answer', async () => {
    const { client } = await open(create, (req) => req.socket.destroy());
    await expect(client.request(post())).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('does not follow a redirect: credentials would go along', async () => {
    let followed = 0;
    const { client } = await open(create, (req, res) => {
      if (req.url !== '/mcp?x=1') followed++;
      res.writeHead(307, { location: '/elsewhere' }).end();
    });
    await client.request(post()).catch(() => undefined);
    expect(followed).toBe(0);
  });
});

describe('the undici client', () => {
  it('does not keep a caller waiting for a socket that it no longer wants', async () => {
    const { client } = await open(
      (url) => createUndiciClient(url, { connections: 1 }),
      () => undefined,
    );
    const [first, abort] = [new AbortController(), new AbortController()];
    const holding = client.request(post({ signal: first.signal }));
    const queued = client.request(post({ signal: abort.signal }));
    abort.abort(new McpError('timeout', 'late'));
    await expect(queued).rejects.toMatchObject({ code: 'timeout' });
    first.abort(new McpError('cancelled', 'x'));
    await expect(holding).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('leaves a dispatcher that it was given open', async () => {
    const agent = new MockAgent();
    agent.disableNetConnect();
    agent
      .get('http://mock.example')
      .intercept({ path: '/', method: 'POST' })
      .reply(200, 'x', { headers: { 'set-cookie': ['a=1', 'b=2'] } })
      .persist();
    const client = createUndiciClient(new URL('http://mock.example/'), { dispatcher: agent });
    expect((await client.request(post())).header('set-cookie')).toBe('a=1');
    await client.close();
    expect((await client.request(post())).status).toBe(200);
    await agent.close();
  });
});

describe('isEventStream', () => {
  it.each([
    ['text/event-stream', true],
    [' Text/Event-Stream;charset=utf-8', true],
    ['text/event-streams', false],
    ['application/json', false],
    [undefined, false],
  ])('of %s is %s', (type, expected) => expect(isEventStream(type)).toBe(expected));
});

describe('a long stream over undici', () => {
  it('leaves others their turn, however much is there to be read', async () => {
    const body = Buffer.alloc(1_500_000, 'x');
    let sent: () => void = () => undefined;
    const isSent = new Promise<void>((resolve) => (sent = resolve));
    const { client } = await open(createUndiciClient, (_req, res) => {
      events(res).end(body, sent);
    });
    const response = await client.request(post());
    await isSent;
    let [total, inTurn, most] = [0, 0, 0];
    const endTurn = (): void => {
      inTurn = 0;
      if (total < body.length) setImmediate(endTurn);
    };
    endTurn();
    for await (const { length } of stream(response)) {
      total += length;
      inTurn += length;
      most = Math.max(most, inTurn);
    }
    expect(total).toBe(body.length);
    expect(most).toBeLessThan(600_000);
  });
});
