import { errorReply, McpError, Payload, streamReply, type JsonObject, type Message } from '@org/mcp-sdk';
import { PushQueue } from '@org/mcp-sdk/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { answer, FakeConnection } from '../../test/support/fakes.ts';
import { UpstreamSubscriptions } from './subscriptions.ts';

const ALL = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };

let clock: FakeClock;
let changes: string[];
let subscriptions: UpstreamSubscriptions;

beforeEach(() => {
  clock = new FakeClock();
  changes = [];
  subscriptions = new UpstreamSubscriptions({
    clock,
    clientInfo: { name: 'gateway', version: '1.0.0' },
    onChange: (upstream, method) => changes.push(`${upstream} ${method}`),
    onWatch: () => undefined,
  });
});

const notice = (method: string, params: JsonObject = {}): Message => ({
  kind: 'notification',
  method,
  params: Payload.of(params),
});
const acknowledged = (notifications: JsonObject): Message =>
  notice('notifications/subscriptions/acknowledged', { notifications });
const ENDED: Message = { kind: 'result', result: Payload.of<JsonObject>({ resultType: 'complete' }) };

/** A connection that answers a listen call with streams that the test writes. */
class Listened extends FakeConnection {
  readonly streams: PushQueue<Message>[] = [];
  cancelled = 0;

  constructor(honoured: JsonObject = ALL) {
    super();
    this.respond = (call) => {
      const stream = new PushQueue<Message>();
      this.streams.push(stream);
      stream.push(acknowledged(honoured));
      const end = (): void => {
        this.cancelled++;
        stream.end();
      };
      call.signal.addEventListener('abort', end);
      return Promise.resolve(streamReply(stream, end));
    };
  }

  get last(): PushQueue<Message> {
    return this.streams.at(-1)!;
  }
}

async function follow(connection: Listened, upstream = 'up'): Promise<Listened> {
  subscriptions.follow(upstream, connection);
  await settled();
  return connection;
}

describe('listening to an upstream', () => {
  it('asks for all changes, and takes what is acknowledged for watched', async () => {
    const connection = await follow(new Listened({ toolsListChanged: true }));
    expect(connection.calls[0]).toMatchObject({ method: 'subscriptions/listen' });
    expect(connection.calls[0]?.params.value.notifications).toEqual(ALL);
    expect(subscriptions.isWatched('up', 'tools/list')).toBe(true);
    expect(subscriptions.isWatched('up', 'prompts/list')).toBe(false);
    expect(subscriptions.isWatched('other', 'tools/list')).toBe(false);
  });

  it('tells of what may have changed before the stream was open, then of each change', async () => {
    const connection = await follow(new Listened());
    expect(changes).toEqual(['up tools/list', 'up prompts/list', 'up resources/list', 'up resources/templates/list']);
    changes.length = 0;
    connection.last.push(notice('notifications/tools/list_changed'));
    connection.last.push(notice('notifications/resources/list_changed'));
    connection.last.push(notice('notifications/resources/updated', { uri: 'x://' }));
    await settled();
    expect(changes).toEqual(['up tools/list', 'up resources/list', 'up resources/templates/list']);
  });

  it('does not go on where nothing is honoured', async () => {
    const connection = await follow(new Listened({}));
    expect(connection.cancelled).toBe(1);
    clock.advance(60_000);
    await settled();
    expect(connection.streams).toHaveLength(1);
    expect(subscriptions.isWatched('up', 'tools/list')).toBe(false);
  });

  it.each([
    ['knows no such method', () => Promise.resolve(errorReply(new McpError('method_not_found', 'x')))],
    ['knows no such filter', () => Promise.resolve(errorReply(new McpError('invalid_params', 'x')))],
  ])('does not go on with a server that %s', async (_, respond) => {
    const connection = new Listened();
    connection.respond = respond;
    await follow(connection);
    clock.advance(60_000);
    await settled();
    expect(connection.calls).toHaveLength(1);
  });

  it.each<[string, (stream: PushQueue<Message>) => void]>([
    [
      'breaks',
      (stream) => {
        stream.end(new McpError('unavailable', 'cut'));
      },
    ],
    [
      'ends with a result',
      (stream) => {
        stream.push(ENDED);
        stream.end();
      },
    ],
    [
      'just ends',
      (stream) => {
        stream.end();
      },
    ],
  ])('opens a stream that %s again, and meanwhile nothing is watched', async (_, end) => {
    const connection = await follow(new Listened());
    end(connection.last);
    await settled();
    expect(subscriptions.isWatched('up', 'tools/list')).toBe(false);
    clock.advance(1_999);
    await settled();
    expect(connection.streams).toHaveLength(1);
    changes.length = 0;
    clock.advance(1);
    await settled();
    expect(connection.streams).toHaveLength(2);
    expect(subscriptions.isWatched('up', 'tools/list')).toBe(true);
    expect(changes).toContain('up tools/list');
  });

  it.each([
    ['answers at once', () => Promise.resolve(answer({}))],
    ['fails', () => Promise.resolve(errorReply(new McpError('overloaded', 'x')))],
  ])('goes on trying a server that %s', async (_, respond) => {
    const connection = new Listened();
    connection.respond = respond;
    await follow(connection);
    clock.advance(2_000);
    await settled();
    expect(connection.calls).toHaveLength(2);
  });

  it('goes on trying a server that cannot be asked', async () => {
    const connection = new Listened();
    const respond = connection.respond;
    connection.respond = () => Promise.reject(new McpError('unavailable', 'no'));
    await follow(connection);
    connection.respond = respond;
    clock.advance(2_000);
    await settled();
    expect(subscriptions.isWatched('up', 'tools/list')).toBe(true);
  });

  it('leaves the connection before for the new one', async () => {
    const first = await follow(new Listened());
    const second = await follow(new Listened({ promptsListChanged: true }));
    expect(first.calls[0]?.signal.aborted).toBe(true);
    expect(second.streams).toHaveLength(1);
    expect(subscriptions.isWatched('up', 'prompts/list')).toBe(true);
    clock.advance(60_000);
    await settled();
    expect(first.streams).toHaveLength(1);
  });

  it('stops when the connection is lost', async () => {
    const connection = await follow(new Listened());
    connection.lose();
    await settled();
    expect(subscriptions.isWatched('up', 'tools/list')).toBe(false);
    clock.advance(60_000);
    await settled();
    expect(connection.streams).toHaveLength(1);
  });

  it('stops when it is closed, for good', async () => {
    const connection = await follow(new Listened());
    subscriptions.close();
    await settled();
    expect(connection.calls[0]?.signal.aborted).toBe(true);
    const late = await follow(new Listened());
    expect(late.streams).toHaveLength(0);
    clock.advance(60_000);
    await settled();
    expect(connection.streams).toHaveLength(1);
  });
});
