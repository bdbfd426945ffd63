import { createCall, type Call, type Handler, type Middleware } from '@org/mcp-sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { answer, FakeEndpoint, upstreamOf } from '../../test/support/fakes.ts';
import { createPipeline, type Stages } from './pipeline.ts';

let path: string[];
let stages: Stages;

const stage =
  <C extends Call>(name: string): Middleware<C> =>
  (next) =>
  (call) => {
    path.push(name);
    return next(call);
  };
const terminal =
  <C extends Call>(name: string): Handler<C> =>
  () => {
    path.push(name);
    return Promise.resolve(answer({}));
  };

beforeEach(() => {
  path = [];
  stages = {
    drain: stage('drain'),
    observe: stage('observe'),
    resolve: (next) => (call) => {
      path.push('resolve');
      return next({ ...call, route: { upstream: upstreamOf('up', new FakeEndpoint('e')), target: 't' } });
    },
    user: [stage('user 1'), stage('user 2')],
    catalog: terminal('catalog'),
    discover: terminal('discover'),
    fanIn: terminal('fanIn'),
    rootsChanged: terminal('rootsChanged'),
    dispatch: terminal('dispatch'),
  };
});

describe('the pipeline', () => {
  it.each([
    ['tools/call', ['drain', 'observe', 'resolve', 'user 1', 'user 2', 'dispatch']],
    ['anything/else', ['drain', 'observe', 'resolve', 'user 1', 'user 2', 'dispatch']],
    ['tools/list', ['drain', 'observe', 'catalog']],
    ['resources/templates/list', ['drain', 'observe', 'catalog']],
    ['server/discover', ['drain', 'observe', 'discover']],
    ['subscriptions/listen', ['fanIn']],
    ['notifications/roots/list_changed', ['drain', 'observe', 'rootsChanged']],
  ])('takes %s along %j', async (method, expected) => {
    await createPipeline(stages)(createCall(method));
    expect(path).toEqual(expected);
  });

  it('has no stage that nobody configured', async () => {
    await createPipeline({ ...stages, observe: undefined, user: [] })(createCall('tools/call'));
    expect(path).toEqual(['drain', 'resolve', 'dispatch']);
  });
});
