import { McpError, META, RemoteError, remoteErrorReply, Payload, type JsonObject, type Reply } from '@org/mcp-sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { answer, FakeConnection, FakeEndpoint, upstreamOf } from '../../test/support/fakes.ts';
import { EMPTY_LIST } from '../catalog/entry.ts';
import { createWheel } from '../core/wheel.ts';
import { reachUpstream, readUpstream, type ReadOptions } from './read-upstream.ts';

let clock: FakeClock;
let connection: FakeConnection;
let endpoint: FakeEndpoint;
let options: ReadOptions;

beforeEach(() => {
  clock = new FakeClock();
  connection = new FakeConnection();
  endpoint = new FakeEndpoint('e', connection);
  options = {
    pick: () => endpoint,
    wheel: createWheel(clock),
    clientInfo: { name: 'gateway', version: '1.0.0' },
    timeoutMs: 500,
  };
});

const upstream = () => upstreamOf('up', endpoint);

function held<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

describe('reading a list of an upstream', () => {
  it('gives its entries and lets the endpoint go', async () => {
    connection.respond = () => Promise.resolve(answer({ tools: [{ name: 'a' }] }));
    const list = await readUpstream(upstream(), 'tools/list', options);
    expect(list.entries.map(({ key }) => key)).toEqual(['a']);
    expect(connection.calls[0]).toMatchObject({ principal: null, progressToken: undefined });
    expect(endpoint.load).toBe(0);
    expect(clock.waiting === 0 || (clock.advance(25), clock.waiting === 0)).toBe(true);
  });

  it('is what a caller sees who can be asked everything: servers list tools by what their client can be asked', async () => {
    connection.respond = (call) => {
      const declared = Object.keys((call.params.value._meta as JsonObject)[META.clientCapabilities] as JsonObject);
      return Promise.resolve(answer({ tools: declared.map((name) => ({ name })) }));
    };
    const { entries } = await readUpstream(upstream(), 'tools/list', options);
    expect(entries.map(({ key }) => key)).toEqual(['elicitation', 'sampling', 'roots']);
  });

  it('asks nothing of a server without the capability', async () => {
    expect(await readUpstream(upstream(), 'prompts/list', options)).toBe(EMPTY_LIST);
    expect(connection.calls).toHaveLength(0);
  });

  it('takes a method that the server does not know for an empty list', async () => {
    connection.respond = () => Promise.resolve(remoteErrorReply(Payload.of({ code: -32601, message: 'no templates' })));
    expect(await readUpstream(upstream(), 'tools/list', options)).toBe(EMPTY_LIST);
  });

  it('passes other errors on', async () => {
    connection.respond = () => Promise.resolve(remoteErrorReply(Payload.of({ code: -32603, message: 'broken' })));
    await expect(readUpstream(upstream(), 'tools/list', options)).rejects.toBeInstanceOf(RemoteError);
    expect(endpoint.load).toBe(0);
  });

  it.each<[string, () => void]>([
    ['answers', () => (connection.respond = () => new Promise<Reply>(() => undefined))],
    ['is reached', () => (endpoint.connecting = new Promise(() => undefined))],
  ])('does not wait longer than it may for a server that never %s', async (_, arrange) => {
    arrange();
    const reading = held(readUpstream(upstream(), 'tools/list', options));
    await settled();
    clock.advance(525);
    await expect(reading).rejects.toMatchObject({ code: 'timeout', message: 'no answer within 500 ms' });
    expect(endpoint.load).toBe(0);
  });

  it('is not counted when it ended before its server was reached', async () => {
    let reached = (): void => undefined;
    endpoint.connecting = new Promise((resolve) => {
      reached = () => {
        resolve(connection);
      };
    });
    const reading = held(readUpstream(upstream(), 'tools/list', options));
    await settled();
    clock.advance(525);
    await expect(reading).rejects.toMatchObject({ code: 'timeout' });
    reached();
    await settled();
    expect(endpoint.load).toBe(0);
    expect(connection.calls).toHaveLength(0);
  });

  it('ends with the endpoint', async () => {
    connection.respond = () => new Promise(() => undefined);
    const reading = held(readUpstream(upstream(), 'tools/list', options));
    await settled();
    for (const call of endpoint.inFlight) call.fail(new McpError('unavailable', 'killed'));
    await expect(reading).rejects.toThrow('killed');
    expect(connection.calls[0]?.signal.aborted).toBe(true);
  });
});

describe('reaching an upstream', () => {
  it('gives its connection', async () => {
    expect(await reachUpstream(upstream(), options)).toBe(connection);
  });

  it('says why there is none', async () => {
    endpoint.connecting = held(Promise.reject(new McpError('unavailable', 'refused')));
    await expect(reachUpstream(upstream(), options)).rejects.toThrow('refused');
  });
});
