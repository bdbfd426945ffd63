import { describe, expect, it } from 'vitest';
import { settled } from '../../test/support/fake-clock.ts';
import {
  fail,
  FakeEvents,
  FakeHttpClient,
  ok,
  type FakeAnswer,
  type FakeRequest,
} from '../../test/support/fake-peers.ts';
import { createCall } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Message } from '../core/reply.ts';
import { HttpLink } from './http-link.ts';

const linkTo = (answer: (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>): [HttpLink, FakeHttpClient] => {
  const client = new FakeHttpClient(answer);
  return [new HttpLink(client, new URL('http://up.example/mcp'), { 'X-Key': 'k', ACCEPT: 'no' }), client];
};
const progress = (progressToken: unknown): Record<string, unknown> => ({
  jsonrpc: '2.0',
  method: 'notifications/progress',
  params: { progressToken, progress: 1 },
});
async function all(messages: AsyncIterable<Message>): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const message of messages)
    seen.push(
      message.kind === 'notification'
        ? message.params.value
        : message.kind === 'result'
          ? message.result.value
          : message.error.value,
    );
  return seen;
}

describe('a call over HTTP', () => {
  it('mirrors in headers what its body says', async () => {
    const [link, client] = linkTo(({ message }) => ({ json: ok(message, {}) }));
    await link.send({ ...createCall('tools/call', { name: 'Grüße' }), paramHeaders: { 'mcp-param-region': 'eu' } });
    await link.send(createCall('tools/list'));
    expect(client.requests[0]?.headers).toEqual({
      'x-key': 'k',
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': '=?base64?R3LDvMOfZQ==?=',
      'mcp-param-region': 'eu',
    });
    expect(client.requests[1]?.headers).not.toHaveProperty('mcp-name');
    expect(client.requests.map(({ message }) => message.id)).toEqual([1, 2]);
  });

  it('takes no answer to another request, but an error without an id', async () => {
    const [link] = linkTo(({ message }) => ({ json: ok({ ...message, id: 99 }, {}) }));
    await expect(link.send(createCall('x'))).rejects.toMatchObject({ code: 'unavailable' });
    const [strict] = linkTo(({ message }) => ({ status: 400, json: fail({ ...message, id: null }, -32700) }));
    await expect((await strict.send(createCall('x'))).result()).rejects.toMatchObject({ rpc: { code: -32700 } });
  });

  it('keeps the status of an error that has one', async () => {
    const [link] = linkTo(({ message }) => ({ status: 404, json: fail(message, -32601) }));
    expect(await link.send(createCall('x'))).toMatchObject({ status: 404 });
  });

  it.each([
    [401, /refused the credentials/],
    [403, /refused/],
    [404, /nothing at the path of the URL \(HTTP 404\)/],
    [502, /answered without a JSON-RPC message \(HTTP 502\)/],
    [200, /\(HTTP 200\)/],
  ])('answered with %d and no message rejects', async (status, message) => {
    const [link] = linkTo(() => ({ status, text: '{}' }));
    await expect(link.send(createCall('x'))).rejects.toThrow(message);
  });

  it.each([
    [
      { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, text: '<p>' },
      'but with text/html (HTTP 200)',
    ],
    [
      { status: 302, headers: { location: 'https://login.test/?token=1' } },
      'but leads to https://login.test (HTTP 302)',
    ],
    [{ status: 302, headers: { location: '/token/1' } }, 'but leads to another path (HTTP 302)'],
    [{ status: 200, headers: { 'content-type': 'no type' }, text: '' }, 'without a JSON-RPC message (HTTP 200)'],
  ])('answered with %o rejects and says what came instead', async (answer, what) => {
    const [link] = linkTo(() => ({ text: '', ...answer }));
    await expect(link.send(createCall('x'))).rejects.toThrow(what);
  });

  it.each([401, 500])('passes on what a server says that refuses the probe with %d', async (status) => {
    const [link] = linkTo(({ message }) => ({ status, json: fail(message, -32603) }));
    await expect(link.send(createCall('server/discover'))).rejects.toMatchObject({
      message: expect.stringMatching(new RegExp(`refused.*\\(HTTP ${status}\\): .+`)) as string,
      data: { httpStatus: status },
    });
  });

  it('has a token of its own on the way and the callers on the way back', async () => {
    const [link, client] = linkTo(({ message }) => ({
      events: new FakeEvents()
        .event(progress(1))
        .event(ok(message, { n: 1 }))
        .done(),
    }));
    const reply = await link.send(createCall('tools/call', { name: 'a' }, { progressToken: 'mine' }));
    expect(client.requests[0]?.message.params).toMatchObject({ _meta: { progressToken: 1 } });
    expect(await all(reply.messages())).toEqual([{ progressToken: 'mine', progress: 1 }, { n: 1 }]);
    expect(await reply.done).toBe('complete');
  });

  it('answered with one event is a single reply', async () => {
    const [link] = linkTo(({ message }) => ({ events: new FakeEvents().event(ok(message, { n: 1 })) }));
    expect((await link.send(createCall('x'))).single?.kind).toBe('result');
  });

  it('answered with a stream that breaks ends with an error', async () => {
    const [link] = linkTo(() => ({ events: new FakeEvents().event(progress(1)).done() }));
    const reply = await link.send(createCall('x', {}, { progressToken: 1 }));
    await expect(reply.result()).rejects.toMatchObject({ rpc: { code: -32603, data: { code: 'unavailable' } } });
    expect(await reply.done).toBe('error');
  });

  it.each<[string, Record<string, unknown> | string]>([
    ['an event that is no message', '{"x":'],
    ['text', 'hello'],
    ['a notification that cannot be read', '{"jsonrpc":"2.0","method":"notifications/message","params":null}'],
    ['progress under the token of another', progress('foreign')],
    ['progress under its id, which was not sent', progress(1)],
    ['the response to another request', { jsonrpc: '2.0', id: 999, result: { n: 999 } }],
    ['a broken response to another request', '{"jsonrpc":"2.0","id":999,"result":[]}'],
    ['a result without id', { jsonrpc: '2.0', id: null, result: { n: 999 } }],
  ])('drops %s', async (_, event) => {
    const [link] = linkTo(({ message }) => ({ events: new FakeEvents().event(event).event(ok(message, { n: 1 })) }));
    const reply = await link.send(createCall('x'));
    expect(reply.single).toMatchObject({ kind: 'result' });
    expect(await reply.result()).toEqual({ n: 1 });
  });

  it('takes an error without id', async () => {
    const [link] = linkTo(() => ({ events: new FakeEvents().event(fail({}, -5)) }));
    await expect((await link.send(createCall('x'))).result()).rejects.toMatchObject({ rpc: { code: -5 } });
  });

  it.each<[string, (events: FakeEvents) => FakeEvents]>([
    ['only events that are dropped', (events) => events.event('hello').event(progress('foreign')).done()],
    [
      'a broken response, though the stream stays open',
      (events) => events.event('{"jsonrpc":"2.0","id":1,"result":[]}'),
    ],
  ])('is unavailable when it is answered with %s', async (_, answer) => {
    const [link] = linkTo(() => ({ events: answer(new FakeEvents()) }));
    await expect(link.send(createCall('x', {}, { progressToken: 1 }))).rejects.toMatchObject({ code: 'unavailable' });
  });

  it.each(['{"jsonrpc":"2.0","id":1,"result":[]}', '{"jsonrpc":"2.0","id":1,"error":null}', '{}'])(
    'is unavailable when it is answered with %s',
    async (text) => {
      const [link] = linkTo(() => ({ text }));
      const outcome = link.send(createCall('x')).then(({ status }) => status);
      expect(await outcome.catch((thrown: unknown) => McpError.from(thrown).status)).toBe(502);
    },
  );

  it.each([
    ['initialize', 0],
    ['tools/list', 1],
  ])('tells a legacy server that %s is cancelled: %d times', async (method, times) => {
    const [link, client] = linkTo(async ({ message, signal }) => {
      if (message.id !== undefined) await new Promise((_, reject) => (signal.onabort = reject));
      return { status: 202 };
    });
    link.settle('legacy', '2025-06-18');
    const abort = new AbortController();
    const call = link.send(createCall(method, {}, { signal: abort.signal }));
    abort.abort();
    await expect(call).rejects.toBeDefined();
    expect(client.requests.filter(({ message }) => message.method === 'notifications/cancelled')).toHaveLength(times);
  });

  it('frees the connection when nobody wants the rest', async () => {
    const [link, client] = linkTo(() => ({ events: new FakeEvents().event(progress(1)) }));
    const reply = await link.send(createCall('x', {}, { progressToken: 1 }));
    reply.cancel();
    expect(client.cancelled).toBe(1);
    expect(await reply.done).toBe('cancelled');
  });

  it('answers what the server asks on its stream: alive, and nothing else', async () => {
    const ask = (method: string, id: number) => ({ jsonrpc: '2.0', id, method, params: {} });
    const [link, client] = linkTo(({ message }) =>
      message.method === 'x'
        ? {
            events: new FakeEvents()
              .event(ask('ping', 7))
              .event(ask('sampling/createMessage', 8))
              .event(ok(message, {}))
              .done(),
          }
        : { status: 202 },
    );
    await (await link.send(createCall('x'))).result();
    expect(client.requests.slice(1).map(({ message }) => message)).toMatchObject([
      { id: 7, result: {} },
      { id: 8, error: { code: -32601 } },
    ]);
  });
});

describe('the stream of a legacy server', () => {
  it('tells listeners of notifications until they stop listening', async () => {
    const events = new FakeEvents();
    const [link, client] = linkTo(() => ({ events }));
    const heard: string[] = [];
    const stop = link.subscribe(({ method }) => heard.push(method));
    let opened = 0;
    const listening = link.listen(new AbortController().signal, () => opened++);
    events
      .event({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })
      .event({ jsonrpc: '2.0', id: 1, result: {} });
    await settled();
    expect([opened, heard]).toEqual([1, ['notifications/tools/list_changed']]);
    stop();
    events.event({ jsonrpc: '2.0', method: 'notifications/prompts/list_changed' }).done();
    await listening;
    expect(heard).toHaveLength(1);
    expect(client.requests[0]).toMatchObject({ method: 'GET', headers: { accept: 'text/event-stream' } });
    expect(client.requests[0]?.headers).not.toHaveProperty('content-type');
  });

  it('is not there when the server answers with anything else', async () => {
    const [link] = linkTo(() => ({ status: 405 }));
    await expect(link.listen(new AbortController().signal, () => undefined)).rejects.toMatchObject({
      data: { httpStatus: 405 },
    });
  });
});

describe('closing', () => {
  it('ends the session, whatever the server thinks of it', async () => {
    const [link, client] = linkTo(({ method, message }) => {
      if (method === 'DELETE') throw new Error('gone');
      return { json: ok(message, {}), headers: { 'mcp-session-id': 's' } };
    });
    await link.send(createCall('initialize'));
    await link.close();
    await link.closed;
    expect(client.requests.at(-1)).toMatchObject({ method: 'DELETE', headers: { 'mcp-session-id': 's' } });
  });
});
