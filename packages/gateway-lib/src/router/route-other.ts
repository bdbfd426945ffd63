import { McpError, type Call } from '@org/mcp-sdk';
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

/** Routes what is about a task to where that is, and a method of an extension to the one upstream that declares it. */
export function createRouteOther({ ids, upstreams, declared }: RouteOtherOptions): (call: Call) => Promise<Route> {
  return async (call) => {
    if (isAboutTask(call)) return routeTask(call, ids);
    const found = await declarersOf(call.method, declared);
    const [name, second] = found;
    const upstream = name === undefined || second !== undefined ? undefined : upstreams.get(name);
    if (upstream) return { upstream, target: call.method };
    const several = second === undefined ? '' : `; several upstreams declare it: ${found.join(', ')}`;
    throw new McpError('method_not_found', `Unknown method: ${call.method.slice(0, 80)}${several}`);
  };
}
