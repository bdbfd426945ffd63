import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check } from '../../test/support/property.ts';
import { McpError } from '../core/errors.ts';
import { checkMirroredHeaders, decodeHeaderValue, encodeHeaderValue, HEADER } from './headers.ts';

describe('header values', () => {
  // https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#value-encoding
  it.each([
    ['us-west1', 'us-west1'],
    ['Hello, 世界', '=?base64?SGVsbG8sIOS4lueVjA==?='],
    [' padded ', '=?base64?IHBhZGRlZCA=?='],
    ['line1\nline2', '=?base64?bGluZTEKbGluZTI=?='],
    ['=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
    ['', '=?base64??='],
    ['in ner\ttab', 'in ner\ttab'],
    ['=?BASE64?x?=', '=?BASE64?x?='],
    ['tail ', '=?base64?dGFpbCA=?='],
  ])('writes %j as %j and reads it back', (value, header) => {
    expect(encodeHeaderValue(value)).toBe(header);
    expect(decodeHeaderValue('Mcp-Name', header)).toBe(value);
  });

  it('come back whole and are always safe in a header', () => {
    check(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const header = encodeHeaderValue(value);
        expect(header).toMatch(/^[\x20-\x7e\t]*$/);
        expect(decodeHeaderValue('Mcp-Name', header)).toBe(value);
      }),
      1000,
    );
  });

  it('keep a byte order mark', () => {
    expect(decodeHeaderValue('Mcp-Name', encodeHeaderValue('\ufeffx'))).toBe('\ufeffx');
  });

  it.each([['=?base64?a?='], ['=?base64?a b=?='], ['=?base64?/w==?='], ['=?base64?YQ=?='], ['=?base64?YQ?=']])(
    'that are no Base64 of UTF-8 are refused: %s',
    (header) => {
      expect(() => decodeHeaderValue('Mcp-Name', header)).toThrow(expect.objectContaining({ code: 'header_mismatch' }));
    },
  );
});

describe('checkMirroredHeaders', () => {
  const body = { version: '2026-07-28', method: 'tools/call', target: 'Grüße' };
  const good: Record<string, string> = {
    [HEADER.protocolVersion]: '2026-07-28',
    [HEADER.method]: 'tools/call',
    [HEADER.name]: encodeHeaderValue('Grüße'),
  };
  const checking =
    (headers: Record<string, string | undefined>, fields = body) =>
    (): void =>
      checkMirroredHeaders({ header: (name) => headers[name] }, fields);

  it('accepts headers that say what the body says', () => {
    expect(checking(good)).not.toThrow();
  });

  it.each(Object.keys(good))('refuses a request without %s', (name) => {
    expect(checking({ ...good, [name]: undefined })).toThrow(/the required header .* is missing/);
  });

  it.each(Object.keys(good))('refuses a request whose %s says something else', (name) => {
    expect(checking({ ...good, [name]: 'other' })).toThrow(McpError);
  });

  it('compares values case-sensitively', () => {
    expect(checking({ ...good, [HEADER.method]: 'Tools/Call' })).toThrow(McpError);
  });

  it('refuses a name where the body has none', () => {
    expect(checking({ ...good, [HEADER.name]: 'x' }, { ...body, target: undefined as never })).toThrow(McpError);
  });

  it.each(['tools/list', 'completion/complete', 'server/discover'])('does not ask %s for Mcp-Name', (method) => {
    expect(checking({ ...good, [HEADER.method]: method, [HEADER.name]: undefined }, { ...body, method })).not.toThrow();
  });

  it('cuts what it shows of a long value', () => {
    expect(checking({ ...good, [HEADER.method]: 'x'.repeat(5000) })).toThrow(/^.{0,300}$/);
  });
});
