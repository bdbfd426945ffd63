import { McpError, Payload, RemoteError, resultReply, streamReply, type Handler, type JsonObject } from '@org/mcp-sdk';
import { describe, expect, it } from 'vitest';
import { answer } from '../../test/support/fakes.ts';
import { readList } from './entry.ts';

const from = { signal: new AbortController().signal, clientInfo: { name: 'gateway', version: '1.0.0' } };
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const raw =
  (json: string): Handler =>
  () =>
    Promise.resolve(resultReply(Payload.json<JsonObject>(json)));

/** Answers pages by cursor. */
const paged =
  (pages: Record<string, JsonObject>): Handler =>
  (call) => {
    const page = pages[(call.params.value.cursor as string | undefined) ?? 'first'];
    return page ? Promise.resolve(answer(page)) : Promise.reject(new McpError('invalid_params', 'no such page'));
  };

describe('reading a list', () => {
  it('follows the pages to the end, in order', async () => {
    const cursors: unknown[] = [];
    const handler = paged({
      first: { tools: [{ name: 'a' }], nextCursor: 'two', ttlMs: 5_000, cacheScope: 'public' },
      two: { tools: [], nextCursor: 'three', ttlMs: 1_000, cacheScope: 'public' },
      three: { tools: [{ name: 'b' }, { name: 'c' }], ttlMs: 9_000, cacheScope: 'public' },
    });
    const list = await readList(
      (call) => {
        cursors.push(call.params.value.cursor);
        return handler(call);
      },
      'tools/list',
      from,
    );
    expect(list.entries.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
    expect(cursors).toEqual([undefined, 'two', 'three']);
    expect(list).toMatchObject({ ttlMs: 1_000, isPublic: true });
  });

  it('is as private as its most private page, and stale at once without a ttl', async () => {
    const list = await readList(
      paged({ first: { tools: [], nextCursor: '2', ttlMs: 1, cacheScope: 'public' }, 2: { tools: [] } }),
      'tools/list',
      from,
    );
    expect(list).toMatchObject({ ttlMs: 0, isPublic: false });
  });

  it.each([-5, 'soon', null, {}])('takes a ttl of %j for none', async (ttlMs) => {
    const list = await readList(paged({ first: { tools: [], ttlMs } }), 'tools/list', from);
    expect(list.ttlMs).toBe(0);
  });

  it('takes a null cursor for the end', async () => {
    const list = await readList(paged({ first: { tools: [{ name: 'a' }], nextCursor: null } }), 'tools/list', from);
    expect(list.entries).toHaveLength(1);
  });

  it('gives up on a cursor that leads to itself', async () => {
    let pages = 0;
    const handler = paged({ first: { tools: [], nextCursor: 'x' }, x: { tools: [], nextCursor: 'x' } });
    const counted: Handler = (call) => {
      pages++;
      return handler(call);
    };
    await expect(readList(counted, 'tools/list', from)).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the pages of tools/list do not end',
    });
    expect(pages).toBe(2);
  });

  it('gives up on pages without end', async () => {
    let pages = 0;
    const handler: Handler = () => Promise.resolve(answer({ tools: [], nextCursor: String(pages++) }));
    await expect(readList(handler, 'tools/list', from)).rejects.toThrow('do not end');
    expect(pages).toBe(1_000);
  });

  it('keeps the bytes of each entry: big integers, unknown keys, order, spaces, escapes', async () => {
    const one = '{"x-unknown": {"deep":[1e400]}, "name":"a\\u00e9","n":12345678901234567890123, "a":0,"Z":1.10}';
    const two = '{ "title" : "t" , "name" : "b" }';
    const list = await readList(raw(`{"tools":[ ${one} ,${two}],"ttlMs":1}`), 'tools/list', from);
    expect(list.entries.map(({ json }) => text(json))).toEqual([one, two]);
    expect(list.entries.map(({ key }) => key)).toEqual(['aé', 'b']);
    expect(list.entries.map(({ json, at }) => text(json.subarray(at.start, at.end)))).toEqual(['"a\\u00e9"', '"b"']);
  });

  it.each([
    ['prompts/list', { prompts: [{ name: 'p' }] }, 'p'],
    ['resources/list', { resources: [{ uri: 'file:///a', name: 'n' }] }, 'file:///a'],
    ['resources/templates/list', { resourceTemplates: [{ uriTemplate: 'x://{a}', name: 'n' }] }, 'x://{a}'],
  ] as const)('knows what identifies an entry of %s', async (method, page, key) => {
    const list = await readList(paged({ first: page }), method, from);
    expect(list.entries.map((entry) => entry.key)).toEqual([key]);
  });

  it.each<[string, JsonObject]>([['the result of tools/list has no "tools"', {}]])('says %s', async (message, page) => {
    await expect(readList(paged({ first: page }), 'tools/list', from)).rejects.toMatchObject({
      code: 'unavailable',
      message,
    });
  });

  it.each(['{"tools":7}', '{"tools":{}}', '[]', '7'])('refuses %s without a crash', async (json) => {
    await expect(readList(raw(json), 'tools/list', from)).rejects.toBeInstanceOf(McpError);
  });

  it.each(['7', 'null', '[]', '"x"', '{}', '{"title":"x"}', '{"name":5}', '{"name":""}', '{"name":null}'])(
    'leaves out the entry %s and keeps the others',
    async (bad) => {
      const list = await readList(raw(`{"tools":[{"name":"a"},${bad},{"name":"b"}]}`), 'tools/list', from);
      expect(list.entries.map(({ key }) => key)).toEqual(['a', 'b']);
      expect(list.skipped).toBe(1);
    },
  );

  it('reads a list that comes as a stream', async () => {
    const handler: Handler = () =>
      Promise.resolve(
        streamReply(
          (async function* () {
            yield {
              kind: 'notification',
              method: 'notifications/message',
              params: Payload.of<JsonObject>({}),
            } as const;
            yield { kind: 'result', result: Payload.of<JsonObject>({ tools: [{ name: 'a' }] }) } as const;
          })(),
          () => undefined,
        ),
      );
    expect((await readList(handler, 'tools/list', from)).entries.map(({ key }) => key)).toEqual(['a']);
  });

  it('passes an error of the server on', async () => {
    const handler: Handler = () => Promise.reject(new RemoteError({ code: -32000, message: 'no' }));
    await expect(readList(handler, 'tools/list', from)).rejects.toThrow('no');
  });
});
