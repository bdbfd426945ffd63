import {
  createCall,
  errorReply,
  McpError,
  Payload,
  RemoteError,
  remoteErrorReply,
  streamReply,
  type CallOptions,
  type Handler,
  type JsonObject,
  type Message,
  type Reply,
} from '@org/mcp-sdk';
import { PushQueue } from '@org/mcp-sdk/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { answering, deferred, FakeConnection, FakeEndpoint, upstreamOf } from '../../test/support/fakes.ts';
import type { RoutedCall } from '../core/routed-call.ts';
import { createWheel } from '../core/wheel.ts';
import { createDispatch } from './dispatch.ts';

let clock: FakeClock;
let connection: FakeConnection;
let endpoint: FakeEndpoint;
let dispatch: Handler<RoutedCall>;

beforeEach(() => {
  clock = new FakeClock();
  connection = new FakeConnection();
  endpoint = new FakeEndpoint('here', connection);
  dispatch = createDispatch({
    pick: () => endpoint,
    wheel: createWheel(clock),
    reopen: (call) => call,
    restamp: (reply) => reply,
  });
});

const routed = (target = 'x', options: CallOptions = {}): RoutedCall => ({
  ...createCall('tools/call', { name: 'up_x', arguments: { n: 1 } }, options),
  route: { upstream: upstreamOf('up', endpoint), target },
});

const note = (n: number): Message => ({
  kind: 'notification',
  method: 'notifications/progress',
  params: Payload.of<JsonObject>({ n }),
});
const result: Message = { kind: 'result', result: Payload.of<JsonObject>({ resultType: 'complete', ok: true }) };

/** Lets the upstream answer with a stream that the test writes. */
function streaming(): { queue: PushQueue<Message>; cancelled: unknown[] } {
  const queue = new PushQueue<Message>();
  const cancelled: unknown[] = [];
  connection.respond = () => Promise.resolve(streamReply(queue, (reason) => cancelled.push(reason)));
  return { queue, cancelled };
}

async function collect(reply: Reply): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of reply.messages()) messages.push(message);
  return messages;
}

const errorOf = (message: Message | undefined): unknown => (message?.kind === 'error' ? message.error.value : message);

/** What must hold whenever a call is over. */
function expectReleased(): void {
  expect(endpoint.load).toBe(0);
  expect(clock.waiting === 0 || clock.waiting === 1).toBe(true);
  clock.advance(25);
  expect(clock.waiting).toBe(0);
}

describe('a call on its way to an endpoint', () => {
  it('goes under the name that the upstream knows, with everything else as it was', async () => {
    const call = routed('x', { progressToken: 'p', logLevel: 'info' });
    await dispatch(call);
    const [sent] = connection.calls;
    expect(sent).toMatchObject({ method: 'tools/call', target: 'x', progressToken: 'p', logLevel: 'info' });
    expect(sent?.params.value).toEqual({ ...call.params.value, name: 'x' });
    expectReleased();
  });

  it('keeps its params untouched when the names are the same', async () => {
    const call = routed('up_x');
    await dispatch(call);
    expect(connection.calls[0]?.params).toBe(call.params);
  });

  it('is counted while it runs', async () => {
    const answer = deferred<Reply>();
    connection.respond = () => answer.promise;
    const running = dispatch(routed());
    await settled();
    expect(endpoint.load).toBe(1);
    answer.resolve(await answering({})(routed()));
    await running;
    expectReleased();
  });

  it('gives an error of the upstream on as it is', async () => {
    const error = { code: -32000, message: 'mine', data: { deep: [1] } };
    connection.respond = () => Promise.resolve(remoteErrorReply(Payload.of(error)));
    const reply = await dispatch(routed());
    expect(errorOf(reply.single)).toEqual(error);
    expect(endpoint.suspicions).toEqual([]);
    expectReleased();
  });

  it('suspects an endpoint that did not answer', async () => {
    connection.respond = () => Promise.reject(new McpError('unavailable', 'refused'));
    await expect(dispatch(routed())).rejects.toThrow('refused');
    expect(endpoint.suspicions).toEqual(['refused']);
  });

  it.each(['unavailable', 'timeout', 'payload_too_large'] as const)(
    'names the upstream in a failure %s',
    async (code) => {
      connection.respond = () => Promise.reject(new McpError(code, 'bad luck', { data: { httpStatus: 500 } }));
      await expect(dispatch(routed())).rejects.toMatchObject({
        code,
        message: 'Upstream "up": bad luck',
        data: { httpStatus: 500, upstream: 'up' },
      });
      // Whatever it was, an HTTP response is an answer.
      expect(endpoint.suspicions).toEqual([]);
      expectReleased();
    },
  );

  it('hides what a foreign error says', async () => {
    connection.respond = () => Promise.reject(new TypeError('password=1'));
    await expect(dispatch(routed())).rejects.toMatchObject({
      code: 'internal',
      message: 'Upstream "up": Internal error.',
    });
  });

  it('says what its endpoint says when it cannot be reached', async () => {
    endpoint.connecting = Promise.reject(new McpError('unavailable', 'no such host'));
    await expect(dispatch(routed())).rejects.toThrow('Upstream "up": no such host');
    expectReleased();
  });
});

describe('a call to an upstream with several endpoints', () => {
  it('passes over those that cannot be reached', async () => {
    const [dead, worse] = [new FakeEndpoint('dead'), new FakeEndpoint('worse')];
    for (const one of [dead, worse])
      one.connecting = Promise.reject(new McpError('unavailable', `${one.label} is down`));
    const tried: string[] = [];
    const send = (...endpoints: FakeEndpoint[]): Promise<Reply> => {
      const left = [...endpoints];
      const pick = (): FakeEndpoint => {
        const next = left.shift()!;
        tried.push(next.label);
        return next;
      };
      const call = { ...routed(), route: { upstream: upstreamOf('up', ...endpoints), target: 'x' } };
      return createDispatch({ pick, wheel: createWheel(clock), reopen: (call) => call, restamp: (reply) => reply })(
        call,
      );
    };
    await send(dead, worse, endpoint);
    expect(tried).toEqual(['dead', 'worse', 'here']);
    await expect(send(dead, worse)).rejects.toThrow('Upstream "up": worse is down');
    expect(tried).toHaveLength(5);
  });
});

describe('what ends a call early', () => {
  it.each<[string, () => void]>([
    ['an upstream that never answers', () => (connection.respond = () => new Promise(() => undefined))],
    ['an endpoint that is never reached', () => (endpoint.connecting = new Promise(() => undefined))],
  ])('is the deadline, for %s', async (_, arrange) => {
    arrange();
    const running = dispatch(routed());
    running.catch(() => undefined);
    await settled();
    clock.advance(999);
    await settled();
    clock.advance(26);
    await expect(running).rejects.toMatchObject({
      code: 'timeout',
      message: 'Upstream "up": no result within 1000 ms',
      data: { upstream: 'up' },
    });
    expect(endpoint.suspicions).toEqual([]);
    expectReleased();
  });

  it('is told to the upstream', async () => {
    connection.respond = () => new Promise(() => undefined);
    dispatch(routed()).catch(() => undefined);
    await settled();
    clock.advance(1_025);
    expect(connection.calls[0]?.signal.reason).toMatchObject({ code: 'timeout' });
  });

  it('is told to whoever listens for it in the connection', async () => {
    connection.respond = () => new Promise(() => undefined);
    dispatch(routed()).catch(() => undefined);
    const told: unknown[] = [];
    connection.calls[0]?.onAbort?.((reason) => told.push(reason));
    clock.advance(1_025);
    expect(told).toMatchObject([{ code: 'timeout' }]);
  });

  it('is the caller, and then nobody is blamed', async () => {
    const caller = new AbortController();
    connection.respond = () => new Promise(() => undefined);
    const running = dispatch(routed('x', { signal: caller.signal }));
    running.catch(() => undefined);
    await settled();
    caller.abort(new McpError('cancelled', 'enough'));
    await expect(running).rejects.toMatchObject({ code: 'cancelled', message: 'enough', data: undefined });
    expect(connection.calls[0]?.signal.aborted).toBe(true);
    expect(endpoint.suspicions).toEqual([]);
    expectReleased();
  });

  it('may be the caller before anything is sent', async () => {
    await expect(dispatch(routed('x', { signal: AbortSignal.abort() }))).rejects.toMatchObject({ code: 'cancelled' });
    expect(connection.calls).toHaveLength(0);
    expectReleased();
  });

  it('is the loss of the endpoint', async () => {
    connection.respond = () => new Promise(() => undefined);
    const running = dispatch(routed());
    running.catch(() => undefined);
    await settled();
    for (const call of endpoint.inFlight) call.fail(new McpError('unavailable', 'it has not answered for 900 ms'));
    await expect(running).rejects.toMatchObject({
      code: 'unavailable',
      message: 'Upstream "up": it has not answered for 900 ms',
    });
    expect(endpoint.suspicions).toEqual([]);
    expectReleased();
  });
});

describe('a reply that is a stream', () => {
  it('is relayed in order, and the call lasts as long as it', async () => {
    const { queue } = streaming();
    const reply = await dispatch(routed());
    expect(endpoint.load).toBe(1);
    for (const message of [note(1), note(2), result]) queue.push(message);
    queue.end();
    expect(await collect(reply)).toEqual([note(1), note(2), result]);
    expect(await reply.done).toBe('complete');
    expectReleased();
  });

  it('ends with the deadline, though the server looks at no signal', async () => {
    const { queue, cancelled } = streaming();
    const reply = await dispatch(routed());
    const collected = collect(reply);
    queue.push(note(1));
    await settled();
    clock.advance(1_025);
    const messages = await collected;
    expect(messages[0]).toEqual(note(1));
    expect(errorOf(messages[1])).toMatchObject({
      message: 'Upstream "up": no result within 1000 ms',
      data: { code: 'timeout', upstream: 'up' },
    });
    expect(cancelled).toHaveLength(1);
    expectReleased();
  });

  it('ends with the loss of the endpoint, naming the upstream', async () => {
    const { queue } = streaming();
    const collected = collect(await dispatch(routed()));
    queue.push(note(1));
    await settled();
    for (const call of endpoint.inFlight) call.fail(new McpError('unavailable', 'killed'));
    expect(errorOf((await collected)[1])).toMatchObject({ message: 'Upstream "up": killed' });
    expectReleased();
  });

  it('names the upstream when the link broke', async () => {
    const { queue } = streaming();
    const reply = await dispatch(routed());
    queue.push(note(1));
    queue.end(new McpError('unavailable', 'cut the stream off'));
    expect(errorOf((await collect(reply))[1])).toMatchObject({
      message: 'Upstream "up": cut the stream off',
      data: { code: 'unavailable', upstream: 'up' },
    });
  });

  it('leaves an error of the upstream, or of a gateway behind it, as it is', async () => {
    for (const thrown of [
      new RemoteError({ code: -32603, message: 'own words', data: { code: 'overloaded' } }),
      new McpError('unavailable', 'Upstream "inner": gone', { data: { upstream: 'inner' } }),
    ]) {
      const { queue } = streaming();
      const reply = await dispatch(routed());
      queue.push(errorReply(thrown).single!);
      queue.end();
      expect(errorOf((await collect(reply))[0])).toMatchObject({ message: thrown.message });
    }
  });

  it('is let go when the reader stops early', async () => {
    const { queue, cancelled } = streaming();
    const reply = await dispatch(routed());
    queue.push(note(1));
    for await (const _ of reply.messages()) break;
    await settled();
    expect(cancelled).not.toHaveLength(0);
    expectReleased();
  });

  it('is let go when nobody wants it', async () => {
    const { cancelled } = streaming();
    const reply = await dispatch(routed());
    reply.cancel('no');
    expect(cancelled).toEqual(['no']);
    expectReleased();
  });
});
