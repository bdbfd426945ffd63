import { loadDefinitions } from '#sdk-platform';
import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import { compose, type Middleware } from '../core/handler.ts';
import { isJsonObject } from '../core/json.ts';
import { consoleTelemetry } from '../core/telemetry.ts';
import type { TypedMiddleware } from '../core/typed-call.ts';
import { resolveEdge, type EdgeOptions } from '../serve/edge.ts';
import type { Infer, InferInput, Schema } from '../validation/schema.ts';
import { createSeal } from '../wire/seal.ts';
import { Catalog } from './catalog.ts';
import type { CompletionDefinition } from './completion.ts';
import type { CallContext } from './context.ts';
import { DEFINED, type AnyDefined } from './define.ts';
import { checkExtensions, createDispatch } from './dispatch.ts';
import { Faults } from './faults.ts';
import { addParts, noParts, prefixed, type AnyMiddleware, type Extension, type Parts } from './parts.ts';
import type { PromptDefinition } from './prompts.ts';
import type { AnyResource, AnyTemplate, ResourceDefinition, ResourceTemplateDefinition } from './resources.ts';
import type { ServerRuntime } from './runtime.ts';
import { checkFunctions, checkServerOptions, type ServerOptions } from './options.ts';
import { MCPServer } from './server.ts';
import type { AnyTool, ToolDefinition, ToolMiddleware, UntypedReturn } from './tools.ts';

/** The tools of a server, as a client may call them: see `typedClient`. */
export type ToolTypes = object;

type ToolType<P extends Schema, O extends Schema | undefined, R> = {
  params: Schema extends P ? Record<string, never> | undefined : InferInput<P>;
  result: O extends Schema ? Infer<O> : Shown<R>;
};

/** What a client reads of what a tool without `output` returned: text, or a plain object. */
type Shown<R> = R extends string | number | boolean ? string : R extends { content: unknown } ? unknown : R;

type Prefixed<P extends string, T extends ToolTypes> = { [K in keyof T & string as `${P}${K}`]: T[K] };

/**
 * Builds an MCP server that speaks both eras over every transport.
 *
 * @typeParam C - the call, with what the middleware so far has added to it
 * @typeParam S - the services so far
 * @typeParam T - the tools so far
 * @example
 * ```ts
 * const server = new MCPServerBuilder({ name: 'clock', version: '1.0.0' })
 *   .addTool({ name: 'now', handler: () => new Date().toISOString() })
 *   .build();
 * await server.listen({ port: 3000 });
 * ```
 */
export class MCPServerBuilder<
  C extends Call = Call,
  S extends object = object,
  // eslint-disable-next-line @typescript-eslint/no-generated-empty-object-type -- no tools yet: each adds its own
  T extends ToolTypes = Record<never, never>,
> {
  readonly #options: ServerOptions;
  readonly #parts: Parts = noParts();
  readonly #layers: AnyMiddleware[] = [];
  readonly #toolLayers: ToolMiddleware[] = [];
  readonly #services: object[] = [];

  constructor(options: ServerOptions) {
    // A caller without types may give none: build() tells.
    this.#options = { ...options };
  }

  /** Adds a tool; the types of its arguments and its result follow from `parameters` and `output`. */
  addTool<
    const N extends string,
    P extends Schema = Schema,
    O extends Schema | undefined = undefined,
    R extends UntypedReturn = UntypedReturn,
  >(
    definition: ToolDefinition<P, O, CallContext<C, S>, N, R>,
  ): MCPServerBuilder<C, S, T & { [K in N]: ToolType<P, O, R> }> {
    // What its function takes is checked against its schema at run time; the types are for who writes it.
    this.#parts.tools.push({ definition: definition as unknown as AnyTool, layers: [], toolLayers: [] });
    return this.#as();
  }

  /** Adds a resource with a fixed URI. */
  addResource(definition: ResourceDefinition<CallContext<C, S>>): this;
  /** Adds resources by a URI template; the names of its variables are known to the compiler. */
  addResource<const U extends string>(definition: ResourceTemplateDefinition<U, CallContext<C, S>>): this;
  addResource(definition: object): this {
    const part = { layers: [], toolLayers: [] };
    if (isJsonObject(definition) && 'uriTemplate' in definition)
      this.#parts.templates.push({ definition: definition as AnyTemplate, ...part });
    else this.#parts.resources.push({ definition: definition as AnyResource, ...part });
    return this;
  }

  /** Adds a prompt; the type of its arguments follows from `parameters`. */
  addPrompt<P extends Schema>(definition: PromptDefinition<P, CallContext<C, S>>): this {
    this.#parts.prompts.push({ definition, layers: [], toolLayers: [] });
    return this;
  }

  /** Completes an argument of a prompt or a variable of a template that is defined elsewhere. */
  addCompletion(definition: CompletionDefinition): this {
    this.#parts.completions.push({ definition, layers: [], toolLayers: [] });
    return this;
  }

  /** Adds an extension of the protocol: what capabilities tell of it, and its methods. */
  extend(extension: Extension): this {
    this.#parts.extensions.push(extension);
    return this;
  }

  /** Wraps every call of every method; what is added first runs first. What it adds to the call is seen by what follows. */
  use<Out extends C = C>(middleware: TypedMiddleware<C, Out>): MCPServerBuilder<Out, S, T> {
    this.#layers.push(middleware as unknown as AnyMiddleware);
    return this.#as();
  }

  /** Wraps every tool function, after its arguments were validated; what is added first runs first. */
  useTool(middleware: ToolMiddleware): this {
    this.#toolLayers.push(middleware);
    return this;
  }

  /** Hands services to all functions: typed in those that follow. */
  provide<N extends object>(services: N): MCPServerBuilder<C, S & N, T> {
    this.#services.push(services);
    return this.#as();
  }

  /**
   * Adds what `fill` adds, its tools and prompts under a prefix. What is used in there wraps what is defined in there.
   * @param prefix - e.g. `math_`
   */
  group<P extends string, G extends ToolTypes>(
    prefix: P,
    fill: (group: MCPServerBuilder<C, S>) => MCPServerBuilder<never, never, G>,
  ): MCPServerBuilder<C, S, T & Prefixed<P, G>> {
    const group = new MCPServerBuilder<C, S>(this.#options);
    const filled = checkBuilder('group()', typeof fill === 'function' ? fill(group) : fill);
    this.#add(prefixed(prefix, filled.#parts), filled);
    return this.#as();
  }

  /** Adds what another builder has collected. What it uses wraps what it defines; its options and name are left out. */
  merge<G extends ToolTypes>(other: MCPServerBuilder<never, never, G>): MCPServerBuilder<C, S, T & G> {
    this.#add(checkBuilder('merge()', other).#parts, other);
    return this.#as();
  }

  #add(parts: Parts, from: MCPServerBuilder<never, never>): void {
    addParts(this.#parts, parts, { layers: from.#layers, toolLayers: from.#toolLayers });
    this.#services.push(...from.#services);
  }

  /**
   * Adds what the modules of a folder and its subfolders export, made by `defineTool`, `definePrompt` and
   * `defineResource`: one definition or an array, as default or by name. Node only.
   * @throws McpError `invalid_options` if a module exports nothing of the kind or cannot be loaded
   */
  async addFrom(directory: string | URL): Promise<this> {
    for (const definition of await loadDefinitions(directory)) this.#addDefined(definition);
    return this;
  }

  /** Makes the server. @throws McpError `invalid_options` naming every fault of the definitions and options at once */
  build(): MCPServer<T> {
    const faults = new Faults();
    const isWhole = checkServerOptions(this.#options, faults);
    checkFunctions(this.#layers, 'use', faults);
    checkFunctions(this.#toolLayers, 'useTool', faults);
    const { name, version, title, description, websiteUrl, icons, instructions, ...options } = this.#options;
    const { pageSize = 100, ttlMs = 0, cacheScope = 'private', store, toolTimeoutMs, ...rest } = options;
    const edge: EdgeOptions = { telemetry: consoleTelemetry, audience: name, ...(store && { store }), ...rest };
    const resolved = isWhole ? faults.attempt(() => resolveEdge(edge)) : undefined;
    const { secret, clock, random, telemetry } = resolved ?? resolveEdge();
    const closing = new AbortController();
    const runtime: ServerRuntime = {
      name,
      services: Object.assign({}, ...this.#services) as object,
      seal: createSeal(secret, random),
      ...{ store, clock, random, telemetry },
      closing: closing.signal,
      timeoutMs: toolTimeoutMs,
    };
    const parts = noParts();
    addParts(parts, this.#parts, { layers: [], toolLayers: this.#toolLayers });
    checkExtensions(parts.extensions, faults);
    const catalog = faults.attempt(() => new Catalog(parts, runtime, this.#toolLayers));
    faults.throwIfAny();
    const shown = { title, description, websiteUrl, icons };
    const given = Object.entries(shown).filter(([, value]) => value !== undefined);
    const dispatch = createDispatch({
      info: { name, version, ...Object.fromEntries(given) },
      // There is one: else it was a fault.
      ...{ instructions, catalog: catalog as Catalog, runtime, pageSize },
      extensions: parts.extensions,
      hints: { ttlMs, cacheScope },
    });
    // The types of `use` have checked that each layer gets what it needs.
    const handler = compose(this.#layers as unknown as Middleware[])(dispatch);
    return new MCPServer<T>({
      handler,
      edge: { ...edge, secret },
      catalog: catalog as Catalog,
      onClose: () => {
        closing.abort();
      },
    });
  }

  #addDefined(definition: AnyDefined): void {
    const part = { layers: [], toolLayers: [] };
    if (definition[DEFINED] === 'tool') this.#parts.tools.push({ definition, ...part });
    else if (definition[DEFINED] === 'prompt') this.#parts.prompts.push({ definition, ...part });
    else this.addResource(definition as never);
  }

  /** The same builder: what was added is in its type only. */
  #as<B>(): B {
    return this as unknown as B;
  }
}

/** @throws McpError `invalid_options` for what a caller without types may have given, or not returned */
function checkBuilder<B>(method: string, given: B): B {
  if (given instanceof MCPServerBuilder) return given;
  throw new McpError(
    'invalid_options',
    `${method} got no MCPServerBuilder; a function must return the one it is given.`,
  );
}
