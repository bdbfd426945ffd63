import { createCall, type Message, type Reply } from '@org/mcp-sdk';
import { describe, expect, it } from 'vitest';
import { settled } from '../../test/support/fake-clock.ts';
import { FanIn } from './fan-in.ts';
import type { WatchedTasks } from './task-watches.ts';

/** No resource can be watched. */
const nobody = (): Promise<undefined> => Promise.resolve(undefined);

const nothing = (): Promise<WatchedTasks> => Promise.resolve({ taskIds: [], stop: () => undefined });

const ALL = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };

interface Listening {
  readonly reply: Reply;
  readonly told: unknown[];
  readonly ended: Promise<void>;
  readonly caller: AbortController;
}

async function listen(fanIn: FanIn, notifications: unknown): Promise<Listening> {
  const caller = new AbortController();
  const call = createCall('subscriptions/listen', { notifications }, { signal: caller.signal });
  const reply = await fanIn.handler(call);
  const told: unknown[] = [];
  const ended = (async () => {
    for await (const message of reply.messages()) told.push(brief(message));
  })();
  await settled();
  return { reply, told, ended, caller };
}

const brief = (message: Message): unknown => {
  if (message.kind !== 'notification') return message.kind;
  const { notifications } = message.params.value;
  return notifications ?? message.method;
};

describe('listening to changes', () => {
  it('is acknowledged with what is honoured', async () => {
    for (const [asked, honoured] of [
      [ALL, ALL],
      [
        { toolsListChanged: true, promptsListChanged: false, resourceSubscriptions: ['x://'] },
        { toolsListChanged: true },
      ],
      [{ toolsListChanged: 'yes', other: true }, {}],
      [undefined, {}],
      ['all', {}],
    ]) {
      const { told } = await listen(new FanIn(nobody, nothing), asked);
      expect(told).toEqual([honoured]);
    }
  });

  it('tells each listener of what it asked for, and nothing else', async () => {
    const fanIn = new FanIn(nobody, nothing);
    const all = await listen(fanIn, ALL);
    const tools = await listen(fanIn, { toolsListChanged: true });
    for (const method of ['tools/list', 'prompts/list', 'resources/list'] as const) fanIn.changed(method);
    await settled();
    expect(all.told.slice(1)).toEqual([
      'notifications/tools/list_changed',
      'notifications/prompts/list_changed',
      'notifications/resources/list_changed',
    ]);
    expect(tools.told.slice(1)).toEqual(['notifications/tools/list_changed']);
  });

  it('tells once of changes that a slow reader has not heard of, and again of later ones', async () => {
    const fanIn = new FanIn(nobody, nothing);
    const { told } = await listen(fanIn, ALL);
    fanIn.changed('resources/list');
    fanIn.changed('resources/templates/list');
    fanIn.changed('resources/list');
    await settled();
    expect(told.slice(1)).toEqual(['notifications/resources/list_changed']);
    fanIn.changed('resources/list');
    await settled();
    expect(told).toHaveLength(3);
  });

  it('ends with the caller', async () => {
    const fanIn = new FanIn(nobody, nothing);
    const { told, ended, caller } = await listen(fanIn, ALL);
    caller.abort();
    await ended;
    fanIn.changed('tools/list');
    expect(told).toEqual([ALL, 'result']);
  });

  it('ends at once with a caller who has left already', async () => {
    const call = createCall('subscriptions/listen', { notifications: ALL }, { signal: AbortSignal.abort() });
    const reply = await new FanIn(nobody, nothing).handler(call);
    const told: unknown[] = [];
    for await (const message of reply.messages()) told.push(brief(message));
    expect(told).toEqual([ALL, 'result']);
  });

  it('ends with a result when the gateway closes, also for who comes too late', async () => {
    const fanIn = new FanIn(nobody, nothing);
    const early = await listen(fanIn, ALL);
    fanIn.close();
    const late = await listen(fanIn, {});
    await Promise.all([early.ended, late.ended]);
    expect(early.told).toEqual([ALL, 'result']);
    expect(late.told).toEqual([{}, 'result']);
    expect(await early.reply.done).toBe('complete');
  });

  it('ends when nobody reads on', async () => {
    const fanIn = new FanIn(nobody, nothing);
    const { reply, ended, told } = await listen(fanIn, ALL);
    reply.cancel();
    await ended;
    fanIn.changed('tools/list');
    expect(told.at(-1)).toBe('result');
  });
});
