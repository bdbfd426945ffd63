import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { resultReply } from '../core/reply.ts';
import { Changes } from './changes.ts';
import {
  checkCompletion,
  targetOfReference,
  type Complete,
  type CompletionDefinition,
  type Completions,
} from './completion.ts';
import { Faults } from './faults.ts';
import { wrapped, type AnyMiddleware, type Part, type Parts } from './parts.ts';
import { createPrompt, type AnyPrompt, type Prompt } from './prompts.ts';
import { Registry, type Listed } from './registry.ts';
import {
  createResource,
  createTemplate,
  type AnyResource,
  type AnyTemplate,
  type Resource,
  type ResourceTemplate,
} from './resources.ts';
import type { ServerRuntime } from './runtime.ts';
import { createTool, type AnyTool, type Tool, type ToolMiddleware } from './tools.ts';

/** Something offered, with the middleware of the builders it came through. */
type Layered<T> = T & { readonly layers: readonly AnyMiddleware[] };

/** What completes an argument. */
export interface Completer {
  /** Undefined if nothing is suggested for it. */
  readonly complete: Complete | undefined;
  readonly layers: readonly AnyMiddleware[];
}

/** What a server offers while it runs. */
export class Catalog {
  readonly changes: Changes;
  readonly tools: Registry<AnyTool, Layered<Tool>>;
  readonly prompts: Registry<AnyPrompt, Layered<Prompt>>;
  readonly resources: Registry<AnyResource, Layered<Resource>>;
  readonly templates: Registry<AnyTemplate, Layered<ResourceTemplate>>;
  readonly #completions = new Map<string, Completer>();

  /** @param toolLayers - wrap the tools that are added later @throws McpError `invalid_options` naming every fault of the parts */
  constructor(parts: Parts, runtime: ServerRuntime, toolLayers: readonly ToolMiddleware[]) {
    this.changes = new Changes(runtime, (uri) => this.findResource(uri)?.watch);
    this.tools = new Registry({
      kind: 'tool',
      keyOf: (definition) => definition.name,
      make: (part, label) => {
        const tool = createTool(part.definition, label, part.toolLayers);
        const { layers } = part;
        return { ...tool, layers, call: wrapped(layers, (call) => tool.call(call, runtime)) };
      },
      onChange: () => {
        this.changes.listChanged('toolsListChanged');
      },
      toolLayers,
    });
    this.prompts = new Registry({
      kind: 'prompt',
      keyOf: (definition) => definition.name,
      make: ({ definition, layers }, label) => {
        const prompt = createPrompt(definition, label);
        return { ...prompt, layers, get: wrapped(layers, (call) => prompt.get(call, runtime)) };
      },
      onChange: () => {
        this.changes.listChanged('promptsListChanged');
      },
    });
    const onChange = (): void => {
      this.changes.listChanged('resourcesListChanged');
    };
    this.resources = new Registry({
      kind: 'resource',
      keyOf: (definition) => definition.uri,
      make: ({ definition, layers }, label) => {
        const resource = createResource(definition, label);
        return { ...resource, layers, read: wrapped(layers, (call) => resource.read(call, runtime)) };
      },
      onChange,
    });
    this.templates = new Registry({
      kind: 'resource template',
      keyOf: (definition) => definition.uriTemplate,
      make: ({ definition, layers }, label) => {
        const template = createTemplate(definition, label);
        const { list } = template;
        return {
          ...template,
          layers,
          read: wrapped(layers, (call) => template.read(call, runtime)),
          list: list && wrapped(layers, (call) => list(call, runtime)),
        };
      },
      onChange,
    });
    this.#fill(parts);
  }

  /** What answers for a URI: a fixed resource, else the first template that describes it. */
  findResource(uri: string): Layered<Resource> | undefined {
    return this.resources.find(uri) ?? this.#templateFor(uri);
  }

  /** Those of the URIs that a caller may listen to: what a middleware of their group refuses is like what is not there. */
  async audible(call: Call, uris: readonly string[]): Promise<ReadonlySet<string>> {
    const allowed = await Promise.all(
      uris.map(async (uri) => {
        const found = this.findResource(uri);
        return found !== undefined && (found.layers.length === 0 || (await letsPass(found.layers, call)));
      }),
    );
    return new Set(uris.filter((_, index) => allowed[index]));
  }

  /** What completes an argument of what a call refers to; undefined if that is not there. */
  completerOf(call: Call, argument: string): Completer | undefined {
    const { ref } = call.params.value;
    const type = isJsonObject(ref) && ref.type === 'ref/prompt' ? 'ref/prompt' : 'ref/resource';
    const target = call.target ?? '';
    if (this.#isHidden(type, target)) return undefined;
    const own = this.#completions.get(keyOf(type, target, argument));
    if (own) return own;
    const offered = type === 'ref/prompt' ? this.prompts.find(target) : this.#templateFor(target);
    if (offered) return { complete: ownMember(offered.completions, argument), layers: offered.layers };
    return this.#isKnown(type, target) ? { complete: undefined, layers: [] } : undefined;
  }

  #templateFor(uri: string): Layered<ResourceTemplate> | undefined {
    const exact = this.templates.find(uri);
    if (exact) return exact;
    for (const template of this.templates.enabled()) if (template.template.match(uri)) return template;
    return undefined;
  }

  #isHidden(type: string, target: string): boolean {
    if (type === 'ref/prompt') return this.prompts.isHidden(target);
    return this.resources.isHidden(target) || this.templates.isHidden(target);
  }

  /** Whether there is something to complete, though not this argument. */
  #isKnown(type: string, target: string): boolean {
    if (type === 'ref/resource' && this.resources.find(target)) return true;
    const start = keyOf(type, target, '');
    return [...this.#completions.keys()].some((key) => key.startsWith(start));
  }

  #fill(parts: Parts): void {
    const faults = new Faults();
    type Fillable<D> = Pick<Registry<D, Listed>, 'kind' | 'addPart'>;
    const fill = <D>(registry: Fillable<D>, entries: readonly Part<D>[]): void => {
      for (const [index, entry] of entries.entries())
        faults.attempt(() => registry.addPart(entry, `${registry.kind} ${index + 1}`));
    };
    fill(this.tools, parts.tools);
    fill(this.prompts, parts.prompts);
    fill(this.resources, parts.resources);
    fill(this.templates, parts.templates);
    for (const [index, part] of parts.completions.entries())
      faults.attempt(() => {
        this.#complete(part, `completion ${index + 1}`);
      });
    faults.throwIfAny();
  }

  #complete({ definition, layers }: Part<CompletionDefinition>, label: string): void {
    checkCompletion(definition, label);
    const { ref, argument, complete } = definition;
    const target = targetOfReference(ref);
    const key = keyOf(ref.type, target, argument);
    if (this.#completions.has(key))
      throw new McpError('invalid_options', `completion of "${argument}" of "${target}" is defined twice.`);
    this.#completions.set(key, { complete, layers });
  }
}

/** Whether a call gets through middleware; nothing is done with it. */
async function letsPass(layers: readonly AnyMiddleware[], call: Call): Promise<boolean> {
  const through = resultReply(Payload.of<JsonObject>({ resultType: 'complete' }));
  try {
    const reply = await wrapped(layers, () => Promise.resolve(through))(call);
    return reply.peek() !== 'error';
  } catch {
    return false;
  }
}

const keyOf = (type: string, target: string, argument: string): string => `${type}\n${target}\n${argument}`;

const ownMember = (completions: Completions, name: string): Complete | undefined =>
  Object.hasOwn(completions, name) ? completions[name] : undefined;
