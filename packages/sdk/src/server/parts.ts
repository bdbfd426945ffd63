import type { Handler } from '../core/handler.ts';
import type { Call } from '../core/call.ts';
import { compose, type Middleware } from '../core/handler.ts';
import type { JsonObject } from '../core/json.ts';
import type { Reply } from '../core/reply.ts';
import type { CompletionDefinition } from './completion.ts';
import type { AnyPrompt } from './prompts.ts';
import type { AnyResource, AnyTemplate } from './resources.ts';
import type { AnyTool, ToolMiddleware } from './tools.ts';

/** A middleware whose types nobody needs any more. */
export type AnyMiddleware = Middleware<never, never>;

/** An extension of the protocol, as {@link MCPServerBuilder.extend} takes it. */
export interface Extension {
  /** Its identifier, e.g. `com.example/approvals`. */
  name: string;
  /** What is told of it in capabilities. @defaultValue `{}` */
  settings?: JsonObject;
  /** What it answers, by method. Notifications too: the reply to one (`call.isNotification`) nobody reads. @defaultValue no methods */
  methods?: Readonly<Record<string, (call: Call) => Promise<Reply>>>;
}

/** What one definition was added with: the middleware of the builders that it came through. */
export interface Part<D> {
  readonly definition: D;
  /** Wraps calls of it alone; empty for what was added to the builder itself. */
  readonly layers: readonly AnyMiddleware[];
  /** Wraps its function, if it is a tool. */
  readonly toolLayers: readonly ToolMiddleware[];
}

/** What a builder has collected. */
export interface Parts {
  readonly tools: Part<AnyTool>[];
  readonly prompts: Part<AnyPrompt>[];
  readonly resources: Part<AnyResource>[];
  readonly templates: Part<AnyTemplate>[];
  readonly completions: Part<CompletionDefinition>[];
  readonly extensions: Extension[];
}

/** Nothing yet. */
export const noParts = (): Parts => ({
  tools: [],
  prompts: [],
  resources: [],
  templates: [],
  completions: [],
  extensions: [],
});

/** Adds what another builder has collected; its middleware goes along. */
export function addParts(to: Parts, from: Parts, around: Omit<Part<unknown>, 'definition'>): void {
  const wrap = <D>({ definition, layers, toolLayers }: Part<D>): Part<D> => ({
    definition,
    layers: [...around.layers, ...layers],
    toolLayers: [...around.toolLayers, ...toolLayers],
  });
  to.tools.push(...from.tools.map(wrap));
  to.prompts.push(...from.prompts.map(wrap));
  to.resources.push(...from.resources.map(wrap));
  to.templates.push(...from.templates.map(wrap));
  to.completions.push(...from.completions.map(wrap));
  to.extensions.push(...from.extensions);
}

/** Wraps a function that answers calls in the middleware of its part. */
export function wrapped(layers: readonly AnyMiddleware[], answer: Handler): Handler {
  // The builder has checked that each layer gets what it needs.
  return layers.length === 0 ? answer : compose(layers as unknown as Middleware[])(answer);
}

/** A copy with tools and prompts under a prefix, and the completions of these prompts. */
export function prefixed(prefix: string, parts: Parts): Parts {
  // What has no name, or is no definition, is told by build().
  const named = <D extends { name: string }>(part: Part<D>): Part<D> =>
    typeof (part.definition as Partial<D> | undefined)?.name === 'string'
      ? { ...part, definition: { ...part.definition, name: prefix + part.definition.name } }
      : part;
  const own = new Set(parts.prompts.map(({ definition }) => (definition as Partial<AnyPrompt> | undefined)?.name));
  const completion = (part: Part<CompletionDefinition>): Part<CompletionDefinition> => {
    const ref = (part.definition as Partial<CompletionDefinition> | undefined)?.ref;
    // Others are for prompts that are defined elsewhere, under their whole name.
    if (ref?.type !== 'ref/prompt' || !own.has(ref.name)) return part;
    return { ...part, definition: { ...part.definition, ref: { ...ref, name: prefix + ref.name } } };
  };
  return {
    ...parts,
    tools: parts.tools.map(named),
    prompts: parts.prompts.map(named),
    completions: parts.completions.map(completion),
  };
}
