import { expect, it } from 'vitest';
import { bytes } from '../../test/support/property.ts';
import { DEFAULT_JSON_LIMITS } from '../wire/json-reader.ts';
import { readFrame, type RequestFrame } from '../wire/message.ts';
import { LegacySession } from './legacy-session.ts';

const requestOf = (id: number): RequestFrame =>
  readFrame(bytes(JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/list' })), DEFAULT_JSON_LIMITS) as RequestFrame;

it('a legacy session has 10,000 running calls at most, whose connections may all be gone', async () => {
  const client = { version: '2025-11-25', clientInfo: {}, capabilities: {} };
  const session = new LegacySession(() => new Promise(() => undefined), client);
  for (let id = 0; id < 10_000; id++) void session.answer(requestOf(id), { principal: null });
  const refused = await session.answer(requestOf(10_000), { principal: null });
  expect(refused.single).toMatchObject({ kind: 'error', error: { value: { data: { code: 'overloaded' } } } });
});
