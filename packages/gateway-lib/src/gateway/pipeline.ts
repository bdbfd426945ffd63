import { classOf, compose, ROOTS_CHANGED, type Handler, type MethodClass, type Middleware } from '@org/mcp-sdk';
import { ExposedCall, type RoutedCall } from '../core/routed-call.ts';

/** The stages of the gateway, each made by its folder; one that nobody configured is absent. */
export interface Stages {
  /** Outermost: counts what is running. */
  readonly drain: Middleware;
  readonly observe: Middleware | undefined;
  readonly resolve: Middleware<Parameters<Handler>[0], RoutedCall>;
  readonly user: readonly Middleware<RoutedCall>[];
  /** Terminal of list methods. */
  readonly catalog: Handler;
  /** Terminal of `server/discover`. */
  readonly discover: Handler;
  /** Terminal of `subscriptions/listen`. */
  readonly fanIn: Handler;
  /** Terminal of `notifications/roots/list_changed`: the one notification that goes to many. */
  readonly rootsChanged: Handler;
  /** Terminal of everything else. */
  readonly dispatch: Handler<RoutedCall>;
}

/** Functions of the host get calls that they can spread. */
const exposed =
  (next: Handler<RoutedCall>): Handler<RoutedCall> =>
  (call) =>
    next(new ExposedCall(call));

/**
 * Chains the stages, once for each class of method. Read it as the path of a call:
 *
 * ```text
 * unary     drain(observe(resolve(user(dispatch))))
 * list      drain(observe(catalog))
 * discover  drain(observe(discover))
 * listen    fanIn
 * roots     drain(observe(rootsChanged))
 * ```
 */
export function createPipeline(stages: Stages): Handler {
  const { drain, resolve, user, catalog, discover, fanIn, rootsChanged, dispatch } = stages;
  const observe: Middleware = stages.observe ?? ((next) => next);
  const chains: Record<MethodClass, Handler> = {
    unary: drain(observe(resolve(user.length === 0 ? dispatch : exposed(compose(user)(dispatch))))),
    list: drain(observe(catalog)),
    discover: drain(observe(discover)),
    listen: fanIn,
  };
  const roots = drain(observe(rootsChanged));
  return (call) => (call.method === ROOTS_CHANGED ? roots : chains[classOf(call.method)])(call);
}
