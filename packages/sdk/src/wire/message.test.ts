import { describe, expect, it } from 'vitest';
import { bytes } from '../../test/support/property.ts';
import { META } from '../core/protocol.ts';
import { FrameError, isBatch, readBatch, readFrame, type RequestFrame } from './message.ts';

const read = (json: string): ReturnType<typeof readFrame> => readFrame(bytes(json));

function refusal(json: string): { id: unknown; code: string; message: string } {
  try {
    read(json);
  } catch (thrown) {
    if (thrown instanceof FrameError) return { id: thrown.id, code: thrown.cause.code, message: thrown.message };
  }
  throw new Error(`accepted: ${json}`);
}

const request = (params: string, method = 'tools/call'): RequestFrame =>
  read(`{"jsonrpc":"2.0","id":1,"method":${JSON.stringify(method)},"params":${params}}`) as RequestFrame;

describe('readFrame', () => {
  it('reads a request, whatever the order of its members', () => {
    expect(read('{"params":{},"method":"ping","id":"a","jsonrpc":"2.0"}')).toMatchObject({
      kind: 'request',
      id: 'a',
      method: 'ping',
    });
  });

  it('reads a request without params as one with none', () => {
    const frame = read('{"jsonrpc":"2.0","id":1,"method":"ping"}') as RequestFrame;
    expect(frame.params).toMatchObject({ target: undefined, meta: undefined, retry: false });
    expect(frame.params.payload.value).toEqual({});
  });

  it('reads a notification: a message with a method and no id', () => {
    expect(read('{"jsonrpc":"2.0","method":"notifications/initialized"}')).toMatchObject({ kind: 'notification' });
  });

  it('reads a result and keeps its bytes', () => {
    const frame = read('{"jsonrpc":"2.0","id":7,"result":{"b":1, "a":12345678901234567890}}');
    expect(frame).toMatchObject({ kind: 'response', id: 7 });
    expect(frame.kind === 'response' && frame.result?.text).toBe('{"b":1, "a":12345678901234567890}');
  });

  it('reads a result beside an error that is null as a result', () => {
    const frame = read('{"jsonrpc":"2.0","id":7,"error": null,"result":{}}');
    expect(frame).toMatchObject({ kind: 'response', id: 7, result: {}, error: undefined });
  });

  it.each([
    ['{"jsonrpc":"2.0","id":1,"result":[]}', true],
    ['{"jsonrpc":"2.0","id":1,"result":{', true],
    ['{"id":1,"level":30,"msg":"a log line"}', false],
    ['{"jsonrpc":"1.0","id":1,"result":{}}', false],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":null}', false],
  ])('says of what it refuses whether it is a response: %s', (json, isResponse) => {
    expect(() => read(json)).toThrow(expect.objectContaining({ id: 1, isResponse }));
  });

  it.each([['null'], ['1.5'], ['{}'], ['[]'], ['true'], ['9007199254740993']])(
    'reads an error whose id is %s as one without id',
    (id) => {
      const frame = read(`{"jsonrpc":"2.0","id":${id},"error":{"code":-1,"message":"x"}}`);
      expect(frame).toMatchObject({ kind: 'response', id: null });
      expect(frame.kind === 'response' && frame.error?.value).toEqual({ code: -1, message: 'x' });
    },
  );

  it('keeps an unknown member of the envelope out of the way', () => {
    expect(read('{"jsonrpc":"2.0","id":1,"extra":[{"method":"no"}],"method":"ping"}')).toMatchObject({
      method: 'ping',
    });
  });

  it.each([
    ['', 'parse_error'],
    [' \n', 'parse_error'],
    ['{', 'parse_error'],
    ['{"jsonrpc":"2.0"} x', 'parse_error'],
    ['[]', 'invalid_request'],
    ['3', 'invalid_request'],
    ['"x"', 'invalid_request'],
    ['null', 'invalid_request'],
    ['{}', 'invalid_request'],
    ['{"jsonrpc":"1.0","method":"x"}', 'invalid_request'],
    ['{"jsonrpc":2,"method":"x"}', 'invalid_request'],
    ['{"jsonrpc":"2.0"}', 'invalid_request'],
    ['{"jsonrpc":"2.0","method":5}', 'invalid_request'],
    ['{"jsonrpc":"2.0","result":{},"error":{}}', 'invalid_request'],
    ['{"jsonrpc":"2.0","result":[]}', 'invalid_request'],
    ['{"jsonrpc":"2.0","result":null}', 'invalid_request'],
    ['{"jsonrpc":"2.0","method":"x","params":[]}', 'invalid_request'],
    ['{"jsonrpc":"2.0","method":"x","params":"a"}', 'invalid_request'],
    ['{"jsonrpc":"2.0","method":"x","params":null}', 'invalid_request'],
  ])('refuses %s as %s', (json, code) => {
    expect(refusal(json)).toMatchObject({ id: null, code });
  });

  it.each([['null'], ['1.5'], ['{}'], ['[1]'], ['true'], ['9007199254740993']])(
    'refuses a request whose id is %s',
    (id) => {
      expect(refusal(`{"jsonrpc":"2.0","id":${id},"method":"x"}`)).toMatchObject({ id: null, code: 'invalid_request' });
    },
  );

  it('refuses bytes that are not UTF-8, with the id', () => {
    const json = bytes('{"jsonrpc":"2.0","id":4,"method":"x","params":{"a":"?"}}');
    json[json.indexOf(0x3f)] = 0xff;
    expect(() => readFrame(json)).toThrow(
      expect.objectContaining({ id: 4, cause: expect.objectContaining({ code: 'parse_error' }) as unknown }),
    );
  });

  it.each([
    ['{"jsonrpc":"2.0","id":3,"method":"x","params":{"a":}}'],
    ['{"id":3,"jsonrpc":"1.0","method":"x"}'],
    ['{"id":3,"jsonrpc":"2.0","method":"x","params":7}'],
    ['{"id":3,"jsonrpc":"2.0","method":"x","method":"y"}'],
  ])('carries the id of what it refuses where it could be read: %s', (json) => {
    expect(refusal(json).id).toBe(3);
  });

  it.each([
    ['{"jsonrpc":"2.0","id":1,"id":2,"method":"x"}'],
    ['{"jsonrpc":"2.0","id":1,"method":"x","\\u006dethod":"y"}'],
    ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","na\\u006de":"b"}}'],
    ['{"jsonrpc":"2.0","id":1,"method":"x","params":{"other":1,"other":2}}'],
    ['{"jsonrpc":"2.0","id":1,"method":"x","params":{},"params":{}}'],
    ['{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{},"_met\\u0061":{}}}'],
    ['{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{"k":1,"\\u006b":2}}}'],
    ['{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"name":"a","name":"b"}}}'],
  ])('refuses a key that stands twice: %s', (json) => {
    expect(refusal(json)).toMatchObject({ code: 'invalid_request' });
    expect(refusal(json).message).toContain('stands twice');
  });

  it('leaves duplicate keys in arguments to whoever reads them', () => {
    expect(request('{"name":"a","arguments":{"x":1,"x":2}}').params.target).toBe('a');
  });

  it.each(['1', 'null', '[]', '"x"'])(
    'refuses _meta that is %s: what is stamped on it would stand beside it',
    (meta) => {
      expect(refusal(`{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":${meta}}}`)).toMatchObject({
        id: 1,
        code: 'invalid_envelope',
      });
    },
  );
});

describe('the target of a request', () => {
  it.each([
    ['tools/call', '{"name":"a"}', 'a'],
    ['prompts/get', '{"name":"p"}', 'p'],
    ['resources/read', '{"uri":"file:///x","name":"no"}', 'file:///x'],
    ['completion/complete', '{"ref":{"type":"ref/prompt","name":"p"}}', 'p'],
    ['completion/complete', '{"ref":{"type":"ref/resource","uri":"u:{x}"}}', 'u:{x}'],
    ['tools/list', '{"name":"a"}', undefined],
    ['tools/call', '{}', undefined],
    ['tools/call', '{"name":5}', undefined],
    ['tools/call', '{"name":{"name":"a"}}', undefined],
    ['tools/call', '{"na\\u006de":"esc\\u0061ped ☃"}', 'escaped ☃'],
    ['tools/call', '{"arguments":{"name":"no"},"name":"yes"}', 'yes'],
    ['completion/complete', '{"ref":"x"}', undefined],
    ['completion/complete', '{"ref":{"uri":"u","type":"ref\\u002fresource"}}', 'u'],
    ['x', '{"ref":{"name":"a","uri":"b"}}', undefined],
    ['constructor', '{"name":"a"}', undefined],
  ])('of %s with %s is %s', (method, params, target) => {
    expect(request(params, method).params.target).toBe(target);
  });

  it.each([
    '{"type":"ref/resource","name":"n","uri":"u"}',
    '{"type":"ref/prompt","name":"n","uri":"u"}',
    '{"type":"ref/prompt","name":"n","uri":5}',
    '{"type":"ref/prompt","uri":"u"}',
    '{"type":"ref/prompt","name":5}',
    '{"type":"ref/resource","name":"n"}',
    '{"type":"ref/tool","name":"n"}',
    '{"name":"n"}',
    '{}',
  ])('is refused when the reference can be read in two ways or in none: %s', (ref) => {
    const json = `{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":${ref}}}`;
    expect(refusal(json)).toMatchObject({ id: 1, code: 'invalid_params' });
  });

  it('is known by its offsets in the bytes of params', () => {
    const { payload } = request('{ "arguments":{"name":"no"}, "name" : "y\\u00e9s" }').params;
    const at = payload.spans?.target;
    expect(payload.text.slice(at?.start, at?.end)).toBe('"y\\u00e9s"');
  });
});

describe('the scanned _meta of a request', () => {
  it('holds short members as values, and says of capabilities what they are', () => {
    const { meta } = request(
      `{"_meta":{"${META.protocolVersion}":"v","${META.clientCapabilities}":{},"progressToken":5,"other":[1],"own":{}}}`,
    ).params;
    expect(meta).toEqual({
      protocolVersion: 'v',
      progressToken: 5,
      logLevel: undefined,
      subscriptionId: undefined,
      clientCapabilities: 'object',
    });
    expect(request(`{"_meta":{"${META.clientCapabilities}":[]}}`).params.meta?.clientCapabilities).toBe('other');
    expect(request('{}').params.meta).toBeUndefined();
  });

  it('takes no key for one of its prototype', () => {
    expect(request('{"_meta":{"__proto__":{"x":1}}}').params.meta).not.toHaveProperty('x');
  });

  it.each(['requestState', 'inputResponses'])('tells a retry by %s', (key) => {
    expect(request(`{"name":"a","${key}":{}}`).params.retry).toBe(true);
    expect(request(`{"name":"a","arguments":{"${key}":{}}}`).params.retry).toBe(false);
  });
});

describe('batches', () => {
  it.each([
    [' \n[1]', true],
    ['{}', false],
    ['', false],
  ])('%j is one: %s', (json, batch) => {
    expect(isBatch(bytes(json))).toBe(batch);
  });

  it('are split into their messages', () => {
    expect(readBatch(bytes(' [ {"a":1} , 2,[3] ] ')).map((part) => new TextDecoder().decode(part))).toEqual([
      '{"a":1}',
      '2',
      '[3]',
    ]);
  });

  it.each([['[]'], ['[1] x'], ['[1,']])('%s is refused', (json) => {
    expect(() => readBatch(bytes(json))).toThrow();
  });
});
