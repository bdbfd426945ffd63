import { describe, expect, it } from 'vitest';
import { McpError } from '../core/errors.ts';
import { PushQueue } from './queue.ts';

async function drain<T>(queue: PushQueue<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const value of queue) seen.push(value);
  return seen;
}

describe('PushQueue', () => {
  it('gives out what was pushed before and while it is read, in order', async () => {
    const queue = new PushQueue<number>();
    queue.push(1);
    const all = drain(queue);
    queue.push(2);
    queue.push(3);
    queue.end();
    expect(await all).toEqual([1, 2, 3]);
  });

  it('wakes a reader that waits, for a value and for the end', async () => {
    const queue = new PushQueue<number>();
    const reader = queue[Symbol.asyncIterator]();
    const next = reader.next();
    queue.push(1);
    expect(await next).toEqual({ value: 1, done: false });
    const end = reader.next();
    queue.end();
    expect(await end).toEqual({ value: undefined, done: true });
  });

  it('throws the error it ended with, after the values', async () => {
    const queue = new PushQueue<number>();
    queue.push(1);
    queue.end(new McpError('unavailable', 'broken'));
    const reader = queue[Symbol.asyncIterator]();
    expect(await reader.next()).toEqual({ value: 1, done: false });
    await expect(reader.next()).rejects.toThrow('broken');
  });

  it('knows what waits, and takes it back', async () => {
    const queue = new PushQueue<number>();
    for (const value of [1, 2, 3, 4]) queue.push(value);
    expect([queue.size, queue.findLast((value) => value < 3)]).toEqual([4, 2]);
    queue.drop((value) => value % 2 === 0);
    queue.end();
    expect(queue.size).toBe(2);
    expect(await drain(queue)).toEqual([1, 3]);
  });

  it('ignores what comes after the end', async () => {
    const queue = new PushQueue<number>();
    queue.end();
    queue.push(1);
    queue.end(new Error('late'));
    expect(await drain(queue)).toEqual([]);
  });
});
