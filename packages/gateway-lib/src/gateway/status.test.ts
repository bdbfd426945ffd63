import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { FakeEndpoint, upstreamOf } from '../../test/support/fakes.ts';
import { Catalog } from '../catalog/catalog.ts';
import { EMPTY_LIST } from '../catalog/entry.ts';
import { createNameTable } from '../catalog/names.ts';
import { statusOf } from './status.ts';

describe('the status of an upstream', () => {
  it('says what each endpoint does and what the upstream offers', async () => {
    const catalog = new Catalog({
      upstreams: ['up'],
      names: createNameTable({ naming: 'always' }),
      clock: new FakeClock(),
      read: () => Promise.resolve(EMPTY_LIST),
      isWatched: () => false,
    });
    await catalog.refresh('up', 'tools/list');
    const [ready, down] = [new FakeEndpoint('http://a'), new FakeEndpoint('http://b')];
    ready.enter({ fail: () => undefined });
    down.state = { status: 'down', reason: 'refused' };
    expect(statusOf(upstreamOf('up', ready, down), catalog)).toEqual({
      name: 'up',
      endpoints: [
        { label: 'http://a', transport: 'http', state: 'ready', era: 'modern', load: 1 },
        { label: 'http://b', transport: 'http', state: 'down', reason: 'refused', load: 0 },
      ],
      tools: 0,
      prompts: undefined,
      resources: undefined,
    });
  });
});
