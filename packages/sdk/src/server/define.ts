import type { Schema } from '../validation/schema.ts';
import type { CallContext } from './context.ts';
import type { AnyPrompt, PromptDefinition } from './prompts.ts';
import type { AnyResource, AnyTemplate, ResourceDefinition, ResourceTemplateDefinition } from './resources.ts';
import type { AnyTool, ToolDefinition, UntypedReturn } from './tools.ts';

/** A definition in a file of its own, known by its kind: what {@link MCPServerBuilder.addFrom} looks for. */
export type Defined<K extends string, D> = D & { readonly [DEFINED]: K };

/** Marks what `define*` has made; the same in two copies of this package. */
export const DEFINED = Symbol.for('@org/mcp-sdk/defined');

/** Anything that `define*` makes. */
export type AnyDefined =
  Defined<'tool', AnyTool> | Defined<'prompt', AnyPrompt> | Defined<'resource', AnyResource | AnyTemplate>;

const define = <K extends string, D extends object>(kind: K, definition: D): Defined<K, D> =>
  Object.defineProperty({ ...definition }, DEFINED, { value: kind, enumerable: true }) as Defined<K, D>;

/** Defines a tool in a file of its own; the types follow from its schemas. */
export const defineTool = <
  P extends Schema = Schema,
  O extends Schema | undefined = undefined,
  const N extends string = string,
  X = CallContext,
  R extends UntypedReturn = UntypedReturn,
>(
  definition: ToolDefinition<P, O, X, N, R>,
): Defined<'tool', ToolDefinition<P, O, X, N, R>> => define('tool', definition);

/** Defines a prompt in a file of its own. */
export const definePrompt = <P extends Schema = Schema, X = CallContext>(
  definition: PromptDefinition<P, X>,
): Defined<'prompt', PromptDefinition<P, X>> => define('prompt', definition);

/** Defines a resource or a resource template in a file of its own. */
export function defineResource<X = CallContext>(
  definition: ResourceDefinition<X>,
): Defined<'resource', ResourceDefinition<X>>;
export function defineResource<const U extends string, X = CallContext>(
  definition: ResourceTemplateDefinition<U, X>,
): Defined<'resource', ResourceTemplateDefinition<U, X>>;
export function defineResource(definition: object): Defined<'resource', object> {
  return define('resource', definition);
}
