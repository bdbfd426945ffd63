import { McpError } from '../core/errors.ts';
import { compose, type Middleware } from '../core/handler.ts';
import { resolveEdge, type EdgeOptions } from '../serve/edge.ts';
import type { Schema } from '../validation/schema.ts';
import { createDispatch } from './dispatch.ts';
import { createPrompt, type Prompt, type PromptDefinition } from './prompts.ts';
import { createResource, type Resource, type ResourceDefinition } from './resources.ts';
import { MCPServer } from './server.ts';
import { createTool, type Tool, type ToolDefinition } from './tools.ts';

/** Who a server is, as callers see it. */
export interface ServerOptions extends EdgeOptions {
  name: string;
  version: string;
  title?: string;
  /** Tells models how to use the server. */
  instructions?: string;
}

const TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/;

/**
 * Builds an MCP server that speaks both eras over every transport.
 *
 * @example
 * ```ts
 * const server = new MCPServerBuilder({ name: 'clock', version: '1.0.0' })
 *   .addTool({ name: 'now', handler: () => new Date().toISOString() })
 *   .build();
 * await server.listen({ port: 3000 });
 * ```
 */
export class MCPServerBuilder {
  readonly #options: ServerOptions;
  readonly #tools = new Map<string, Tool>();
  readonly #prompts = new Map<string, Prompt>();
  readonly #resources = new Map<string, Resource>();
  readonly #middleware: Middleware[] = [];
  readonly #faults: string[] = [];

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  /** Adds a tool; the type of `params` follows from `parameters`. */
  addTool<S extends Schema>(definition: ToolDefinition<S>): this {
    this.#check(() => {
      if (!TOOL_NAME.test(definition.name))
        throw new McpError('invalid_options', `tool "${definition.name}": a name is 1 to 128 of A-Z a-z 0-9 _ - .`);
      this.#add(this.#tools, `tool "${definition.name}"`, [definition.name, createTool(definition)]);
    });
    return this;
  }

  /** Adds a resource with a fixed URI. */
  addResource(definition: ResourceDefinition): this {
    this.#check(() => {
      if (!URL.canParse(definition.uri))
        throw new McpError('invalid_options', `resource "${definition.uri}": the URI must be absolute.`);
      this.#add(this.#resources, `resource "${definition.uri}"`, [definition.uri, createResource(definition)]);
    });
    return this;
  }

  /** Adds a prompt; the type of `params` follows from `parameters`. */
  addPrompt<S extends Schema>(definition: PromptDefinition<S>): this {
    this.#check(() => {
      this.#add(this.#prompts, `prompt "${definition.name}"`, [definition.name, createPrompt(definition)]);
    });
    return this;
  }

  /** Wraps every call; what is added first runs first. */
  use(middleware: Middleware): this {
    this.#middleware.push(middleware);
    return this;
  }

  /** Makes the server. @throws McpError `invalid_options` naming every fault of the definitions at once, or of an option */
  build(): MCPServer {
    if (this.#faults.length > 0) throw new McpError('invalid_options', this.#faults.join('\n'));
    const { name, version, title, instructions, ...edge } = this.#options;
    resolveEdge(edge);
    const closing = new AbortController();
    const dispatch = createDispatch({
      info: { name, version, ...(title === undefined ? {} : { title }) },
      instructions,
      tools: new Map(this.#tools),
      prompts: new Map(this.#prompts),
      resources: new Map(this.#resources),
      closing: closing.signal,
    });
    return new MCPServer(compose(this.#middleware)(dispatch), edge, () => {
      closing.abort();
    });
  }

  #check(add: () => void): void {
    try {
      add();
    } catch (thrown) {
      this.#faults.push(McpError.from(thrown).message);
    }
  }

  #add<T>(entries: Map<string, T>, owner: string, [key, entry]: [string, T]): void {
    if (entries.has(key)) throw new McpError('invalid_options', `${owner} is defined twice.`);
    entries.set(key, entry);
  }
}
