import { expect, it } from 'vitest';
import { settled } from '../../test/support/fake-clock.ts';
import type { Handler } from '../core/handler.ts';
import { Payload } from '../core/payload.ts';
import { streamReply, type Message } from '../core/reply.ts';
import { PushQueue } from '../wire/queue.ts';
import { LegacySubscriptions } from './legacy-subscriptions.ts';

/** A handler that tells of every resource it is asked for; `open` counts the listens that have not ended. */
function teller() {
  const state = { open: 0 };
  const handler: Handler = (call) => {
    state.open++;
    const messages = new PushQueue<Message>();
    const params = Payload.of({ notifications: call.params.value.notifications });
    messages.push({ kind: 'notification', method: 'notifications/subscriptions/acknowledged', params });
    call.signal.addEventListener('abort', () => {
      state.open--;
      messages.end();
    });
    return Promise.resolve(streamReply(messages, () => undefined));
  };
  return { state, handler };
}

it('ends all that a session watches, also what it watches anew in the turn in which it stopped', async () => {
  const { state, handler } = teller();
  const watched = new LegacySubscriptions(handler, () => undefined);
  for (let round = 0; round < 3; round++) {
    watched.unsubscribe('test://a');
    await watched.subscribe('test://a', null);
  }
  await settled();
  expect(state.open).toBe(1);
  watched.close();
  await settled();
  expect(state.open).toBe(0);
});
