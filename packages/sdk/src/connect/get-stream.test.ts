import { expect, it } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { GetStream } from './get-stream.ts';

it.each([
  [undefined, 1_000],
  [0, 100],
  [1, 100],
  [5_000, 5_000],
  [1e9, 60_000],
])('a stream whose server says retry: %s is opened again after %d ms', async (retryMs, ms) => {
  const clock = new FakeClock();
  let opened = 0;
  const stream = new GetStream({
    clock,
    link: {
      // Says when to come back, and ends.
      listen: (_signal, onOpen, cursor) => {
        opened++;
        if (cursor && retryMs !== undefined) cursor.retryMs = retryMs;
        onOpen();
        return Promise.resolve();
      },
    },
  });
  const share = await stream.share(() => undefined);
  await settled();
  clock.advance(ms - 1);
  await settled();
  expect(opened).toBe(1);
  clock.advance(1);
  await settled();
  expect(opened).toBe(2);
  share.release();
});
