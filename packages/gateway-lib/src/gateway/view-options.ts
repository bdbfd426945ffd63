import { isJsonObject, McpError } from '@org/mcp-sdk';
import type { ViewSelectors } from '../catalog/catalog-view.ts';
import { createSelector, type Selection, type Selector } from '../catalog/selection.ts';
import { resolveSelection } from './catalog-options.ts';
import { Check, checkOptions, isStrings } from './check.ts';

/** Options of {@link Gateway.view}: what a view has of the gateway. Names and URIs are the public ones. */
export interface ViewOptions {
  /** Name that callers see; no other open view has it. */
  name: string;
  /** Version that callers see. @defaultValue that of the gateway */
  version?: string;
  /** Tells models how to use the view, in place of what the gateway says; put before the instructions of its upstreams. @defaultValue nothing */
  instructions?: string;
  /** Names of upstreams; at least one. @defaultValue all */
  upstreams?: readonly string[];
  /** A mere array is what to include. @defaultValue all tools of its upstreams */
  tools?: readonly string[] | Selection;
  /** A mere array is what to include. @defaultValue all prompts of its upstreams */
  prompts?: readonly string[] | Selection;
  /** Resources and their templates, by URI. A mere array is what to include. @defaultValue all of its upstreams */
  resources?: readonly string[] | Selection;
  /**
   * Extensions and experimental capabilities with their methods, by identifier: `com.example/search`. A mere array is
   * what to include.
   * @defaultValue all of its upstreams
   */
  extensions?: readonly string[] | Selection;
}

/** What a view, or all of the gateway, shows. */
export interface ResolvedViewOptions {
  readonly info: { readonly name: string; readonly version: string };
  readonly instructions: string | undefined;
  readonly upstreams: readonly string[];
  /** Undefined for all entries. */
  readonly selectors: ViewSelectors | undefined;
  readonly extensions: Selector;
  /** What it is in messages and facts. */
  readonly label: string;
  /** Whether it is all of the gateway. */
  readonly isWhole: boolean;
}

/** What options of a view are checked against. */
export interface ViewRules {
  readonly version: string;
  readonly upstreams: readonly string[];
  /** Names of views that are open. */
  readonly taken: readonly string[];
}

/**
 * Completes the options of a view.
 * @throws McpError `invalid_options` naming every bad option with its path, its value and what is allowed
 */
export function resolveView(options: ViewOptions, rules: ViewRules): ResolvedViewOptions {
  checkOptions('view: options', options);
  const check = new Check();
  const { name, version = rules.version, instructions, upstreams = rules.upstreams } = options;
  checkName(name, rules.taken, check);
  checkUpstreams(upstreams, rules.upstreams, check);
  checkKeys(options, check);
  const tools = createSelector(resolveSelection('tools', options.tools, check));
  const prompts = createSelector(resolveSelection('prompts', options.prompts, check));
  const extensions = createSelector(resolveSelection('extensions', options.extensions, check));
  const resources = createSelector(resolveSelection('resources', options.resources, check));
  if (check.faults.length > 0)
    throw new McpError('invalid_options', check.faults.map((fault) => `view: ${fault}`).join('\n'));
  return {
    info: { name, version },
    instructions,
    upstreams,
    selectors: {
      'tools/list': tools,
      'prompts/list': prompts,
      'resources/list': resources,
      'resources/templates/list': resources,
    },
    extensions,
    label: `view "${name}"`,
    isWhole: false,
  };
}

function checkName(name: unknown, taken: readonly string[], check: Check): void {
  if (typeof name !== 'string' || name.trim() === '') check.kind('name', name, 'a string that is not empty');
  else if (taken.includes(name)) check.fault('name', name, 'a name that no open view has');
}

function checkUpstreams(upstreams: unknown, known: readonly string[], check: Check): void {
  const names = known.map((name) => `"${name}"`).join(', ');
  if (!isStrings(upstreams) || upstreams.length === 0)
    check.kind('upstreams', upstreams, `an array of at least one of ${names}`);
  else
    for (const [index, name] of upstreams.entries())
      if (!known.includes(name)) check.fault(`upstreams[${index}]`, name, names);
}

const KEYS = ['name', 'version', 'instructions', 'upstreams', 'tools', 'prompts', 'resources', 'extensions'];

/** A wrong key would show everything that it was to leave out. */
function checkKeys(options: unknown, check: Check): void {
  for (const key of Object.keys(isJsonObject(options) ? options : {}))
    if (!KEYS.includes(key)) check.misspelt(key, KEYS);
}
