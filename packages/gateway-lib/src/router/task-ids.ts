import type { Call, Era, Principal } from '@org/mcp-sdk';
import type { Seal } from '@org/mcp-sdk/wire';
import type { Route } from '../core/routed-call.ts';
import type { Upstream } from '../core/upstream.ts';
import { endpointAt, type Place } from './place.ts';

/** What ids of tasks are made with. */
export interface TaskIdOptions {
  /** Of the gateway: an id is not good for another one that has the same secret. */
  readonly name: string;
  readonly seal: Seal;
  readonly upstreams: ReadonlyMap<string, Upstream>;
}

/** Who asks for a task. */
export type TaskCaller = Pick<Call, 'era' | 'principal'>;

/**
 * Ids of tasks as callers know them: sealed, so that any replica with the same secret finds the upstream, the endpoint
 * and the id there, and nobody else does. An id is good for the caller that it was made for, and for its era.
 */
export class TaskIds {
  readonly #options: TaskIdOptions;
  readonly #purpose: string;

  constructor(options: TaskIdOptions) {
    this.#options = options;
    this.#purpose = `task of ${options.name}`;
  }

  /** The id under which a caller knows a task of an endpoint. */
  seal(taskId: string, place: Place, caller: TaskCaller): Promise<string> {
    const content: SealedTask = { ...place, taskId, ...boundTo(caller) };
    return this.#options.seal.seal(this.#purpose, { ...content });
  }

  /** Where the task is; undefined for an id that is no task's of this caller. */
  async open(id: string, caller: TaskCaller): Promise<Route | undefined> {
    // Sealed for this purpose, so it is what seal() wrote.
    const content = (await this.#options.seal.open(this.#purpose, id)) as SealedTask | undefined;
    const bound = boundTo(caller);
    if (!content || content.era !== bound.era || content.who !== bound.who) return undefined;
    const upstream = this.#options.upstreams.get(content.upstream);
    return upstream && { upstream, target: content.taskId, endpoint: endpointAt(upstream, content) };
  }
}

/** What an id holds. */
interface SealedTask extends Place {
  readonly taskId: string;
  readonly era: Era;
  readonly who: string;
}

const boundTo = ({ era, principal }: TaskCaller): Pick<SealedTask, 'era' | 'who'> => ({ era, who: nameOf(principal) });

const nameOf = (principal: Principal | null): string =>
  principal ? JSON.stringify([principal.issuer ?? null, principal.subject]) : '';
