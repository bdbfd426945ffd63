import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Reply } from '../core/reply.ts';
import { Changes } from './changes.ts';
import { referenceOf, type Completions } from './completion.ts';
import { wrapped, type Part, type Parts } from './parts.ts';
import { createPrompt, type AnyPrompt, type Prompt } from './prompts.ts';
import { Registry } from './registry.ts';
import {
  createResource,
  createTemplate,
  type AnyResource,
  type AnyTemplate,
  type Resource,
  type ResourceTemplate,
} from './resources.ts';
import type { ServerRuntime } from './runtime.ts';
import { createTool, type AnyTool, type Tool } from './tools.ts';

/** What a server offers while it runs. */
export class Catalog {
  readonly changes: Changes;
  readonly tools: Registry<AnyTool, Tool>;
  readonly prompts: Registry<AnyPrompt, Prompt>;
  readonly resources: Registry<AnyResource, Resource>;
  readonly templates: Registry<AnyTemplate, ResourceTemplate>;
  readonly #completions = new Map<string, Completions>();

  /** @throws McpError `invalid_options` naming every fault of the parts */
  constructor(parts: Parts, runtime: ServerRuntime) {
    this.changes = new Changes(runtime.closing, (uri) => {
      const found = this.findResource(uri);
      return found ? found.watch : 'unknown';
    });
    this.tools = new Registry({
      kind: 'tool',
      keyOf: (definition) => definition.name,
      make: ({ definition, layers, toolLayers }) => {
        const tool = createTool(definition, toolLayers);
        return { ...tool, call: callThrough(layers, (call) => tool.call(call, runtime)) };
      },
      onChange: () => {
        this.changes.listChanged('toolsListChanged');
      },
    });
    this.prompts = new Registry({
      kind: 'prompt',
      keyOf: (definition) => definition.name,
      make: ({ definition, layers }) => {
        const prompt = createPrompt(definition);
        return { ...prompt, get: callThrough(layers, (call) => prompt.get(call, runtime)) };
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
      make: ({ definition, layers }) => {
        const resource = createResource(definition);
        return { ...resource, read: callThrough(layers, (call) => resource.read(call, runtime)) };
      },
      onChange,
    });
    this.templates = new Registry({
      kind: 'resource template',
      keyOf: (definition) => definition.uriTemplate,
      make: ({ definition, layers }) => {
        const template = createTemplate(definition);
        return { ...template, read: callThrough(layers, (call) => template.read(call, runtime)) };
      },
      onChange,
    });
    this.#fill(parts);
  }

  /** What answers for a URI: a fixed resource, else the first template that describes it. */
  findResource(uri: string): Resource | undefined {
    const fixed = this.resources.find(uri);
    if (fixed) return fixed;
    for (const template of this.templates.enabled()) if (template.template.match(uri)) return template;
    return undefined;
  }

  /** What completes the arguments of a prompt, a template or a reference of its own. */
  completionsOf(target: string): Completions | undefined {
    const offered = this.prompts.find(target)?.completions ?? this.#templateCompletions(target);
    const own = this.#completions.get(target);
    return offered || own ? { ...offered, ...own } : undefined;
  }

  #templateCompletions(target: string): Completions | undefined {
    const exact = this.templates.find(target);
    if (exact) return exact.completions;
    for (const template of this.templates.enabled()) if (template.template.match(target)) return template.completions;
    return this.resources.find(target) && {};
  }

  #fill(parts: Parts): void {
    const faults: string[] = [];
    const fill = <D>(registry: { addPart(part: Part<D>): unknown }, entries: readonly Part<D>[]): void => {
      for (const entry of entries) attempt(faults, () => registry.addPart(entry));
    };
    fill(this.tools, parts.tools);
    fill(this.prompts, parts.prompts);
    fill(this.resources, parts.resources);
    fill(this.templates, parts.templates);
    for (const definition of parts.completions) {
      const key = referenceOf(definition);
      const known = this.#completions.get(key) ?? {};
      if (Object.hasOwn(known, definition.argument))
        faults.push(`completion of "${definition.argument}" of "${key}" is defined twice.`);
      this.#completions.set(key, { ...known, [definition.argument]: definition.complete });
    }
    if (faults.length > 0) throw new McpError('invalid_options', faults.join('\n'));
  }
}

const callThrough = (layers: Part<unknown>['layers'], answer: (call: Call) => Promise<Reply>) =>
  wrapped(layers, answer);

function attempt(faults: string[], work: () => void): void {
  try {
    work();
  } catch (thrown) {
    faults.push(McpError.from(thrown).message);
  }
}
