import { describe, expect, it } from 'vitest';
import { createCall } from '../core/call.ts';
import type { Message } from '../core/reply.ts';
import { listenToNothing } from './listen.ts';

const listen = async (signal: AbortSignal, closing: AbortSignal): Promise<string[]> => {
  const seen: Message[] = [];
  for await (const message of listenToNothing(createCall('subscriptions/listen', {}, { signal }), closing).messages())
    seen.push(message);
  return seen.map(({ kind }) => kind);
};
const open = (): AbortSignal => new AbortController().signal;

describe('a subscription', () => {
  it.each([
    ['its caller has gone', () => listen(AbortSignal.abort(), open())],
    ['the server is closing', () => listen(open(), AbortSignal.abort())],
  ])('ends at once when %s before it opens', async (_, read) => {
    expect(await read()).toEqual(['notification', 'result']);
  });
});
