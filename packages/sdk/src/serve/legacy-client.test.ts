import { describe, expect, it } from 'vitest';
import { bytes } from '../../test/support/property.ts';
import { readFrame, type RequestFrame } from '../wire/message.ts';
import { readInitialize, type LegacyClient } from './legacy-client.ts';

const read = (params: object): LegacyClient =>
  readInitialize(
    readFrame(
      bytes(
        JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'initialize',
          params: { protocolVersion: '2025-06-18', clientInfo: { name: 'c' }, ...params },
        }),
      ),
    ) as RequestFrame,
  );

describe('what is kept of a client', () => {
  it('is its name, version and title, none of them long', () => {
    const long = 'x'.repeat(10_000);
    expect(
      read({ clientInfo: { name: long, version: '1', title: long, pad: long, icons: [long] } }).clientInfo,
    ).toEqual({ name: 'x'.repeat(200), version: '1', title: 'x'.repeat(200) });
    expect(read({ clientInfo: { name: 'c', version: 5, title: {} } }).clientInfo).toEqual({ name: 'c' });
  });

  it('are the capabilities that are known, with its extensions', () => {
    const capabilities = {
      sampling: { tools: {} },
      roots: { listChanged: true },
      extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html'] } },
    };
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, {}]));
    expect(read({ capabilities: { ...many, ...capabilities } }).capabilities).toEqual(capabilities);
    expect(read({}).capabilities).toEqual({});
  });

  it.each([
    ['extensions', { extensions: Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`a.b/${i}`, {}])) }],
    ['experiments', { experimental: { x: 'é'.repeat(2_100) } }],
  ])('is refused when its %s are too long to keep', (_, capabilities) => {
    expect(() => read({ capabilities })).toThrow(expect.objectContaining({ code: 'invalid_params' }) as Error);
  });
});
