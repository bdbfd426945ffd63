import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { HttpClientResponse } from './http-client.ts';
import { ResumableStream, type Position } from './resumable.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => vi.useRealTimers());

async function* nothing(): AsyncGenerator<never> {
  // A stream that breaks at once.
}

const response: HttpClientResponse = { status: 200, header: () => undefined, body: nothing(), cancel: () => undefined };

/** A stream that breaks after an event with an id; what follows it never comes. */
function broken(retryMs: number | undefined) {
  const resumed: string[] = [];
  const abort = new AbortController();
  const stream = new ResumableStream({
    response,
    id: 1,
    signal: abort.signal,
    read: (_body, at: Position) => {
      at.lastEventId = 'e1';
      if (retryMs !== undefined) at.retryMs = retryMs;
      return nothing();
    },
    resume: (lastEventId) => {
      resumed.push(lastEventId);
      return new Promise((_resolve, reject) => {
        abort.signal.addEventListener('abort', reject);
      });
    },
  });
  const next = stream.frames().next();
  next.catch(() => undefined);
  return { abort, next, resumed };
}

it.each([
  [undefined, 1_000],
  [0, 100],
  [1, 100],
  [5_000, 5_000],
  [1e9, 60_000],
])('a stream whose server says retry: %s is taken up after %d ms', async (retryMs, ms) => {
  const { abort, next, resumed } = broken(retryMs);
  await vi.advanceTimersByTimeAsync(ms - 1);
  expect(resumed).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(resumed).toEqual(['e1']);
  abort.abort();
  await expect(next).rejects.toBeDefined();
});
