import { describe, expect, it } from 'vitest';
import { ERROR_TABLE, isRpcError, McpError, type ErrorCode } from './errors.ts';

const CODES = Object.keys(ERROR_TABLE) as ErrorCode[];

describe('the error table', () => {
  it('has the codes and statuses that the specification gives', () => {
    expect(ERROR_TABLE).toMatchObject({
      parse_error: { rpc: -32700, http: 400 },
      invalid_request: { rpc: -32600, http: 400 },
      method_not_found: { rpc: -32601, http: 404 },
      invalid_envelope: { rpc: -32602, http: 400 },
      not_found: { rpc: -32602, http: 200 },
      header_mismatch: { rpc: -32020, http: 400 },
      missing_client_capability: { rpc: -32021, http: 400 },
      unsupported_protocol_version: { rpc: -32022, http: 400 },
      forbidden: { http: 403 },
      payload_too_large: { http: 413 },
    });
  });

  it.each(CODES)('%s uses no code that is closed to new allocations or undefined', (code) => {
    const { rpc } = ERROR_TABLE[code];
    expect([-32700, -32600, -32601, -32602, -32603, -32020, -32021, -32022]).toContain(rpc);
  });

  it.each(CODES)('%s is what McpError answers with', (code) => {
    const error = new McpError(code, 'message', { data: { a: 1 } });
    expect(error.status).toBe(ERROR_TABLE[code].http);
    expect(error.toRpc()).toMatchObject({ code: ERROR_TABLE[code].rpc, message: 'message', data: { a: 1 } });
    expect(isRpcError(error.toRpc())).toBe(true);
  });

  it.each(['unavailable', 'overloaded', 'timeout', 'cancelled'] as const)('%s is told apart by data.code', (code) => {
    expect(new McpError(code, 'x').toRpc()).toEqual({ code: -32603, message: 'x', data: { code } });
  });

  it('leaves out data where there is none', () => {
    expect(new McpError('internal', 'x').toRpc()).toEqual({ code: -32603, message: 'x' });
  });
});

describe('McpError.from', () => {
  it('keeps an McpError, hides anything else in the cause', () => {
    const own = new McpError('timeout', 'x');
    expect(McpError.from(own)).toBe(own);
    for (const thrown of [new Error('secret'), 'secret', null, undefined, { code: 'timeout' }]) {
      const error = McpError.from(thrown);
      expect(error).toMatchObject({ code: 'internal', message: 'Internal error.' });
      if (thrown !== undefined) expect(error.cause).toBe(thrown);
    }
  });

  it('knows an abort', () => {
    expect(McpError.from(AbortSignal.abort().reason)).toMatchObject({ code: 'cancelled' });
    expect(McpError.from(Object.assign(new Error('x'), { name: 'AbortError' })).code).toBe('cancelled');
  });
});

describe('isRpcError', () => {
  it.each([
    [{ code: 1, message: '' }, true],
    [{ code: 1.5, message: '' }, false],
    [{ code: '1', message: '' }, false],
    [{ code: 1 }, false],
    [[], false],
    [null, false],
  ])('of %j is %s', (value, expected) => {
    expect(isRpcError(value)).toBe(expected);
  });
});
