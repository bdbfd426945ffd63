import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { contentFor } from './legacy-content.ts';

const TEXT = { type: 'text', text: 't' };
const LINK = {
  type: 'resource_link',
  uri: 'a://b',
  name: 'b',
  title: 'B',
  description: 'about b',
  annotations: { priority: 1 },
};
const AUDIO = { type: 'audio', data: 'AAAA', mimeType: 'audio/wav' };
const LINK_TEXT = { type: 'text', text: 'B: a://b\nabout b', annotations: { priority: 1 } };
const AUDIO_TEXT = { type: 'text', text: '[audio: audio/wav]' };

const older = (version: string, method: string, value: JsonObject): JsonObject =>
  contentFor(version, method, Payload.of(value)).value;

describe('content that a revision does not know', () => {
  it.each([
    ['2024-11-05', [TEXT, LINK_TEXT, AUDIO_TEXT]],
    ['2025-03-26', [TEXT, LINK_TEXT, AUDIO]],
    ['2025-06-18', [TEXT, LINK, AUDIO]],
    ['2025-11-25', [TEXT, LINK, AUDIO]],
  ])('is text for callers of %s', (version, expected) => {
    const content = [TEXT, LINK, AUDIO];
    expect(older(version, 'tools/call', { content, isError: false })).toEqual({ content: expected, isError: false });
    const messages = (of: unknown[]): unknown[] => of.map((one) => ({ role: 'user', content: one }));
    expect(older(version, 'prompts/get', { messages: messages(content) })).toEqual({ messages: messages(expected) });
    expect(older(version, 'sampling/createMessage', { messages: messages(content) })).toEqual({
      messages: messages(expected),
    });
    expect(older(version, 'sampling/createMessage', { messages: messages([content]) })).toEqual({
      messages: messages([expected]),
    });
  });

  it('is nothing else', () => {
    for (const odd of [{ content: 'audio' }, { content: [null, 'audio', { type: 'video' }], say: '"audio"' }, {}])
      expect(older('2024-11-05', 'tools/call', odd)).toEqual(odd);
    const elsewhere = { contents: [AUDIO] };
    expect(older('2024-11-05', 'resources/read', elsewhere)).toBe(elsewhere);
    expect(older('2024-11-05', 'prompts/get', { messages: [1, AUDIO] })).toEqual({ messages: [1, AUDIO] });
  });

  it('leaves the bytes of a result without it', () => {
    const payload = Payload.json<JsonObject>('{"content":[{"type":"text","text":"x"}],"n":12345678901234567890}');
    expect(contentFor('2024-11-05', 'tools/call', payload)).toBe(payload);
  });
});
