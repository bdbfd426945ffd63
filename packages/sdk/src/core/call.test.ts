import { describe, expect, it } from 'vitest';
import { createCall, EdgeCall, targetOf, type Call } from './call.ts';
import { compose, type Middleware } from './handler.ts';
import { classOf, isCacheable, needsNameHeader, targetMember } from './methods.ts';
import { joinJson, Payload } from './payload.ts';
import { META } from './protocol.ts';
import { resultReply } from './reply.ts';
import { systemClock } from './clock.ts';
import { systemRandom } from './random.ts';
import { silentTelemetry } from './telemetry.ts';

describe('the signal of a call', () => {
  const { signal: _signal, ...fields } = createCall('ping');
  const counted = () => {
    const controller = new AbortController();
    return {
      looks: 0,
      get signal() {
        this.looks++;
        return controller.signal;
      },
    };
  };

  it('is not made before somebody looks', () => {
    const source = counted();
    const call = new EdgeCall(fields, source);
    expect([call.method, source.looks]).toEqual(['ping', 0]);
    expect(call.signal).toBe(call.signal);
  });

  it('goes along when another call is made of it', () => {
    const source = counted();
    const call: Call = new EdgeCall(fields, source);
    const other = { ...call, target: 'x' };
    expect(other.signal).toBe(source.signal);
    expect(other.signal.aborted).toBe(false);
  });
});

describe('createCall', () => {
  it('makes a modern call with the smallest envelope', () => {
    const call = createCall('tools/call', { name: 'a', arguments: { x: 1 } });
    expect(call).toMatchObject({ method: 'tools/call', target: 'a', era: 'modern', principal: null, round: 0 });
    expect(call.signal.aborted).toBe(false);
    expect(call.params.value).toEqual({
      name: 'a',
      arguments: { x: 1 },
      _meta: { [META.protocolVersion]: '2026-07-28', [META.clientCapabilities]: {} },
    });
  });

  it('completes _meta and keeps what is in it', () => {
    const options = {
      clientInfo: { name: 'c', version: '1' },
      progressToken: 0,
      logLevel: 'info',
      clientCapabilities: { a: {} },
    } as const;
    const call = createCall('x', { _meta: { own: 1, [META.protocolVersion]: 'old' } }, options);
    expect(call.params.value._meta).toEqual({
      own: 1,
      [META.protocolVersion]: '2026-07-28',
      [META.clientInfo]: options.clientInfo,
      [META.clientCapabilities]: { a: {} },
      [META.logLevel]: 'info',
      progressToken: 0,
    });
    expect(call).toMatchObject({ progressToken: 0, logLevel: 'info' });
  });

  it.each(['requestState', 'inputResponses'])('is round 1 with %s', (key) => {
    expect(createCall('x', { [key]: {} }).round).toBe(1);
  });
});

describe('targetOf', () => {
  it.each([
    ['tools/call', { name: 'a' }, 'a'],
    ['resources/read', { uri: 'u', name: 'a' }, 'u'],
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'p' } }, 'p'],
    ['completion/complete', { ref: { type: 'ref/resource', uri: 'u' } }, 'u'],
    ['completion/complete', { ref: 'p' }, undefined],
    ['tools/call', { name: 1 }, undefined],
    ['tools/list', { name: 'a' }, undefined],
  ])('of %s with %j is %s', (method, params, target) => {
    expect(targetOf(method, params)).toBe(target);
  });

  it.each([
    { type: 'ref/resource', name: 'n', uri: 'u' },
    { type: 'ref/prompt', name: 'n', uri: 'u' },
    { type: 'ref/prompt', uri: 'u' },
    { type: 'ref/prompt', name: 5 },
    { type: 'ref/resource', name: 'n' },
    { type: 'ref/tool', name: 'n' },
    { name: 'n' },
    {},
  ])('refuses the reference %j: it can be read in two ways or in none', (ref) => {
    expect(() => targetOf('completion/complete', { ref })).toThrow(expect.objectContaining({ code: 'invalid_params' }));
  });
});

describe('methods', () => {
  it.each([
    ['tools/call', 'unary', 'name', true, false],
    ['resources/read', 'unary', 'uri', true, true],
    ['completion/complete', 'unary', 'ref', false, false],
    ['tools/list', 'list', undefined, false, true],
    ['server/discover', 'discover', undefined, false, true],
    ['subscriptions/listen', 'listen', undefined, false, false],
    ['toString', 'unary', undefined, false, false],
  ] as const)('%s is %s, targets %s', (...[method, kind, member, named, cacheable]) => {
    expect([classOf(method), targetMember(method), needsNameHeader(method), isCacheable(method)]).toEqual([
      kind,
      member,
      named,
      cacheable,
    ]);
  });
});

describe('compose', () => {
  it('runs the first listed first, and next may be called again', async () => {
    const seen: string[] = [];
    const named =
      (name: string): Middleware =>
      (next) =>
      (call) => (seen.push(name), next(call));
    const twice: Middleware = (next) => async (call) => (await next(call), next(call));
    const handler = compose([named('a'), twice, named('b')])(() => Promise.resolve(resultReply(Payload.of({}))));
    await handler(createCall('x'));
    expect(seen).toEqual(['a', 'b', 'b']);
  });
});

describe('Payload', () => {
  it('converts between its forms on first use and remembers', () => {
    const bytes = new TextEncoder().encode('{"é":1}');
    for (const payload of [Payload.json<object>(bytes), Payload.json<object>('{"é":1}'), Payload.of({ é: 1 })]) {
      expect([payload.value, payload.text, payload.bytes]).toEqual([{ é: 1 }, '{"é":1}', bytes]);
      expect(payload.value).toBe(payload.value);
      expect(payload.bytes).toBe(payload.bytes);
    }
  });

  it('joins fragments to a string as long as every part is one', () => {
    expect(joinJson(['a', 'é'])).toBe('aé');
    expect(joinJson(['a', new Uint8Array([0x62]), 'é'])).toEqual(new TextEncoder().encode('abé'));
  });
});

describe('what stands in for the machine', () => {
  it('tells time, waits and stops waiting', async () => {
    expect(systemClock.now()).toBeLessThanOrEqual(systemClock.now());
    expect(Math.abs(systemClock.wallClock() - Date.now())).toBeLessThan(1000);
    const cancelled = systemClock.after(0, () => expect.unreachable());
    cancelled();
    await new Promise<void>((resolve) => void systemClock.after(0, resolve));
  });

  it('draws numbers and bytes, and drops facts', () => {
    expect(systemRandom.next()).toBeLessThan(1);
    expect(systemRandom.bytes(5)).toHaveLength(5);
    expect(() => silentTelemetry.record({ name: 'x', severity: 'debug', fields: {} })).not.toThrow();
  });
});
