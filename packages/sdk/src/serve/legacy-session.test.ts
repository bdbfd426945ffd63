import { expect, it } from 'vitest';
import type { Handler } from '../core/handler.ts';
import { Payload } from '../core/payload.ts';
import { resultReply, streamReply, type Message } from '../core/reply.ts';
import { PushQueue } from '../wire/queue.ts';
import type { JsonObject } from '../core/json.ts';
import { settled } from '../../test/support/fake-clock.ts';
import { bytes } from '../../test/support/property.ts';
import { DEFAULT_JSON_LIMITS } from '../wire/json-reader.ts';
import { readFrame, type RequestFrame } from '../wire/message.ts';
import { LegacySession } from './legacy-session.ts';

const requestOf = (id: number, params: object = {}): RequestFrame =>
  readFrame(
    bytes(JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params })),
    DEFAULT_JSON_LIMITS,
  ) as RequestFrame;

const client = { version: '2025-11-25', clientInfo: {}, capabilities: {} };

it('a legacy session has 10,000 running calls at most, whose connections may all be gone', async () => {
  const session = new LegacySession(() => new Promise(() => undefined), client);
  for (let id = 0; id < 10_000; id++) void session.answer(requestOf(id), { principal: null });
  const refused = await session.answer(requestOf(10_000), { principal: null });
  expect(refused.single).toMatchObject({ kind: 'error', error: { value: { data: { code: 'overloaded' } } } });
});

it('a legacy caller has no state and no answers to bring: what it says of them reaches nobody', async () => {
  const seen: unknown[] = [];
  const handler: Handler = ({ params, round }) => {
    const { _meta, ...rest } = params.value;
    seen.push(JSON.parse(new TextDecoder().decode(params.bytes)), rest, round);
    return Promise.resolve(resultReply(Payload.of({ resultType: 'complete' })));
  };
  const forged = { name: 't', arguments: { big: 1 }, requestState: 'forged', inputResponses: { a: {} } };
  await new LegacySession(handler, client).answer(requestOf(1, forged), { principal: null });
  const left = { name: 't', arguments: { big: 1 } };
  expect(seen).toEqual([{ ...left, _meta: expect.anything() as unknown }, left, 0]);
});

it('a change that a slow reader has not been told of yet is told once', async () => {
  const notice = (method: string, params: JsonObject = {}): Message => ({
    kind: 'notification',
    method: `notifications/${method}`,
    params: Payload.of(params),
  });
  const changes = new PushQueue<Message>();
  const session = new LegacySession(() => Promise.resolve(streamReply(changes, () => undefined)), client);
  const told = await session.listen({ source: new AbortController(), principal: null });
  for (let nth = 0; nth < 1_000; nth++)
    for (const message of [
      notice('tools/list_changed'),
      notice('resources/updated', { uri: `x://${nth % 2}` }),
      notice('prompts/list_changed'),
    ])
      changes.push(message);
  changes.push(notice('com.example/told', { nth: 1 }));
  changes.push(notice('com.example/told', { nth: 2 }));
  await settled();
  changes.end();
  const methods: string[] = [];
  for await (const message of told ?? []) if (message.kind === 'notification') methods.push(message.method);
  expect(methods.map((method) => method.replace('notifications/', ''))).toEqual([
    'tools/list_changed',
    'resources/updated',
    'prompts/list_changed',
    'resources/updated',
    'com.example/told',
    'com.example/told',
  ]);
});
