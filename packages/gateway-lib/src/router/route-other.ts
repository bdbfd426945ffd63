import type { Call } from '@org/mcp-sdk';
import type { Route } from '../core/routed-call.ts';
import type { Upstream } from '../core/upstream.ts';
import { declarersOf, type Declared } from './extensions.ts';
import type { TaskIds } from './task-ids.ts';
import { isAboutTask, routeTask } from './tasks.ts';

/** What methods are routed by whose targets are in no list. */
export interface RouteOtherOptions {
  readonly ids: TaskIds;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly declared: Declared;
}

/** Finds where a call may go, if anywhere; where several may take it, they are asked in that order. */
export type RouteOther = (call: Call) => Promise<readonly Route[]>;

/** Routes what is about a task to where that is, and a method of an extension to the upstreams that declare it. */
export function createRouteOther({ ids, upstreams, declared }: RouteOtherOptions): RouteOther {
  return async (call) => {
    if (isAboutTask(call)) return [await routeTask(call, ids)];
    const names = await declarersOf(call.method, declared);
    return names.flatMap((name) => {
      const upstream = upstreams.get(name);
      return upstream ? [{ upstream, target: call.method }] : [];
    });
  };
}
