import { describe, expect, it } from 'vitest';
import { deferred, FakeClock, settled } from '../../test/support/fake-clock.ts';
import type { Message } from '../core/reply.ts';
import { Payload } from '../core/payload.ts';
import { PushQueue } from '../wire/queue.ts';
import { eventStream } from './event-stream.ts';

const note: Message = { kind: 'notification', method: 'notifications/progress', params: Payload.of({}) };

describe('a stream whose reader has stalled', () => {
  it('gets no keep-alive until what waits is read', async () => {
    const clock = new FakeClock();
    const queue = new PushQueue<Message>();
    const written: string[] = [];
    let room = deferred();
    const { stream } = eventStream(queue, { encode: () => '{}', clock, keepAliveMs: 10 });
    const ended = stream?.({ write: (text) => (written.push(text), room.promise) });
    queue.push(note);
    await settled();
    clock.advance(100);
    expect(written).toHaveLength(1);
    room.resolve();
    room = deferred();
    await settled();
    clock.advance(10);
    expect(written[1]).toBe(':\n\n');
    // The keep-alive waits itself now.
    clock.advance(100);
    expect(written).toHaveLength(2);
    room.resolve();
    queue.end();
    await ended;
    expect(clock.waiting).toBe(0);
  });
});
