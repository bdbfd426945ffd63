import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, checkAsync } from '../../test/support/property.ts';
import { decodeEvents, encodeEvent, SSE_KEEP_ALIVE } from './sse.ts';

async function* inPieces(text: string | Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const whole = typeof text === 'string' ? bytes(text) : text;
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
}

async function collect(chunks: AsyncIterable<Uint8Array>, maxBytes = 1000): Promise<string[]> {
  const events: string[] = [];
  for await (const { data } of decodeEvents(chunks, maxBytes)) events.push(data);
  return events;
}

describe('server-sent events', () => {
  it('come back whole, however the bytes are cut', () => {
    return checkAsync(
      fc.asyncProperty(
        fc.array(fc.json({ stringUnit: 'grapheme' }), { maxLength: 4 }),
        fc.integer({ min: 1, max: 40 }),
        async (messages, size) => {
          const wire = messages.map((json) => encodeEvent(json)).join(SSE_KEEP_ALIVE);
          expect(await collect(inPieces(wire, size), 1_000_000)).toEqual(messages);
        },
      ),
    );
  });

  it('write bytes as they write text', () => {
    expect(encodeEvent(bytes('{"a":"é"}'))).toBe('event: message\ndata: {"a":"é"}\n\n');
  });

  it('put white space in place of raw newlines between tokens', () => {
    expect(encodeEvent('{\r\n"a":\n1}')).toBe('event: message\ndata: { "a": 1}\n\n');
  });

  it('skip comments, priming events and events without data', async () => {
    expect(await collect(inPieces(': hi\n\nid: 1\ndata:\n\nretry: 5\n\ndata: x\n\n', 5))).toEqual(['x']);
  });

  it('join the data lines of an event', async () => {
    expect(await collect(inPieces('data: {"a":\r\ndata: 1}\r\n\r\n', 3))).toEqual(['{"a":\n1}']);
  });

  it('drop an event that was cut off', async () => {
    expect(await collect(inPieces('data: x\n\ndata: y', 100))).toEqual(['x']);
  });

  it('may each be as long as allowed, and any number of them', async () => {
    expect(await collect(inPieces('data: x\n\n'.repeat(50), 9), 20)).toHaveLength(50);
  });

  it('are refused when one is too long, before it ends', async () => {
    await expect(collect(inPieces(`data: ${'x'.repeat(5000)}`, 100), 1000)).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});
