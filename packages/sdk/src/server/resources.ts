import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Annotations, Icon, ReadResourceResult } from '../core/official-types.ts';
import type { Reply, Result } from '../core/reply.ts';
import { toBase64 } from '../wire/base64.ts';
import type { CacheHints } from './cache-hints.ts';
import type { Watch } from './changes.ts';
import { present, type Completions } from './completion.ts';
import type { CallContext } from './context.ts';
import { checkCacheScope, checkInteger } from './faults.ts';
import { runFunction, wrongReturn } from './run.ts';
import type { ServerRuntime } from './runtime.ts';
import { checkShape, type Shape } from './shape.ts';
import { parseUriTemplate, type UriTemplate, type Variables, type VariablesOf } from './uri-template.ts';

/** What a resource function may return: text, bytes, or a whole result. */
export type ResourceReturn = string | Uint8Array | ReadResourceResult;

/** What fixed resources and templates have in common. */
export interface ResourceOptions extends CacheHints {
  title?: string;
  description?: string;
  mimeType?: string;
  icons?: Icon[];
  annotations?: Annotations;
  /** `_meta` of the resource in lists. */
  meta?: JsonObject;
  /** A read that asks is not continued by another version. */
  version?: string;
  /** How long one round may take. Unit: ms. @defaultValue the server's `toolTimeoutMs` */
  timeoutMs?: number;
  /** Watches a resource while a caller listens to it. @defaultValue changes are told by `server.resources.updated` only */
  subscribe?: Watch;
}

/** A resource with one URI, as {@link MCPServerBuilder.addResource} takes it. */
export interface ResourceDefinition<X = CallContext> extends ResourceOptions {
  /** Absolute URI, unique in the server. */
  uri: string;
  /** @defaultValue the URI */
  name?: string;
  /** Unit: bytes. */
  size?: number;
  /** Reads the content. */
  handler: (uri: string, context: X) => ResourceReturn | Promise<ResourceReturn>;
}

/** A resource of many URIs, as {@link MCPServerBuilder.addResource} takes it. */
export interface ResourceTemplateDefinition<U extends string = string, X = CallContext> extends ResourceOptions {
  /** RFC 6570, e.g. `notes://{folder}/{id}`; unique in the server. */
  uriTemplate: U;
  name: string;
  /** The resources that exist; `resources/list` shows them by pages, in the order of their URIs. @defaultValue none are listed */
  list?: (context: X) => readonly ListedResource[] | Promise<readonly ListedResource[]>;
  /** Suggests values of variables. @defaultValue none */
  complete?: Completions<Extract<keyof VariablesOf<U>, string>>;
  /** Reads the content. */
  handler: (uri: string, variables: VariablesOf<U>, context: X) => ResourceReturn | Promise<ResourceReturn>;
}

/** A resource as it looks in a list. */
export interface ListedResource {
  uri: string;
  name: string;
  title?: string;
  description?: string;
  mimeType?: string;
  icons?: Icon[];
  annotations?: Annotations;
  /** Unit: bytes. */
  size?: number;
  _meta?: JsonObject;
}

/** A resource, ready to be listed and read. */
export interface Resource {
  readonly entry: JsonObject;
  readonly watch: Watch | undefined;
  read(call: Call, runtime: ServerRuntime): Promise<Reply>;
}

/** A template, ready to be listed and read. */
export interface ResourceTemplate extends Resource {
  readonly template: UriTemplate;
  readonly completions: Completions;
  /** Answers with all `resources` that it knows of; undefined if it lists none. */
  readonly list: ((call: Call, runtime: ServerRuntime) => Promise<Reply>) | undefined;
}

/** A definition whose types nobody needs any more. */
export type AnyResource = ResourceDefinition<never>;
/** A definition whose types nobody needs any more. */
export type AnyTemplate = Omit<ResourceTemplateDefinition<string, never>, 'complete' | 'handler'> & {
  complete?: Completions;
  /** Reads the content. */
  handler: (uri: string, variables: never, context: never) => ResourceReturn | Promise<ResourceReturn>;
};

const OPTIONS: Shape<ResourceOptions & Pick<AnyTemplate, 'name' | 'handler'>>['members'] = {
  ...{ name: 'text', title: 'text', description: 'text', mimeType: 'text', icons: 'array', annotations: 'object' },
  ...{ meta: 'object', version: 'text', timeoutMs: 'number', subscribe: 'function', handler: 'function' },
  ...{ ttlMs: 'number', cacheScope: 'text' },
};

const RESOURCE_SHAPE: Shape<AnyResource> = {
  required: ['uri', 'handler'],
  members: { uri: 'text', ...OPTIONS, size: 'number' },
};

const TEMPLATE_SHAPE: Shape<AnyTemplate> = {
  required: ['uriTemplate', 'name', 'handler'],
  members: { uriTemplate: 'text', ...OPTIONS, list: 'function', complete: 'functions' },
};

/** Makes a resource of its definition. @throws McpError `invalid_options` if its URI is not absolute */
export function createResource(definition: AnyResource, label: string): Resource {
  const { uri, name, size, subscribe } = definition;
  checkShape(label, definition, RESOURCE_SHAPE);
  if (!URL.canParse(uri)) throw new McpError('invalid_options', `${label}: the URI must be absolute.`);
  checkOptions(label, definition);
  // Whoever takes a definition apart again cannot name its types; the builder has checked them.
  const handler = definition.handler as (uri: string, context: CallContext) => Returned;
  return {
    entry: { uri, name: name ?? uri, ...present({ size }), ...describe(definition) },
    watch: subscribe,
    read: reader(label, definition, (call, context) => handler(targetOf(call), context)),
  };
}

/** Makes a template of its definition. @throws McpError `invalid_options` if its URI template is wrong */
export function createTemplate(definition: AnyTemplate, label: string): ResourceTemplate {
  const { uriTemplate, name, subscribe } = definition;
  checkShape(label, definition, TEMPLATE_SHAPE);
  const template = parseUriTemplate(uriTemplate);
  checkOptions(label, definition);
  const list = definition.list as List | undefined;
  const handler = definition.handler as (uri: string, variables: Variables, context: CallContext) => Returned;
  return {
    entry: { uriTemplate, name, ...describe(definition) },
    template,
    watch: subscribe,
    completions: definition.complete ?? {},
    list: list && lister(`list of "${uriTemplate}"`, list),
    read: reader(label, definition, (call, context) => {
      const uri = targetOf(call);
      return handler(uri, template.match(uri) ?? {}, context);
    }),
  };
}

function describe({ title, description, mimeType, icons, annotations, meta }: ResourceOptions): JsonObject {
  return present({ title, description, mimeType, icons, annotations, _meta: meta });
}

function checkOptions(label: string, { timeoutMs, ttlMs, cacheScope }: ResourceOptions): void {
  checkInteger(`${label}: timeoutMs`, timeoutMs, 1);
  checkInteger(`${label}: ttlMs`, ttlMs, 0);
  checkCacheScope(`${label}: cacheScope`, cacheScope);
}

type MaybePromise<T> = T | Promise<T>;
type List = (context: CallContext) => MaybePromise<readonly ListedResource[]>;
type Returned = MaybePromise<ResourceReturn>;
type ReadFunction = (call: Call, context: CallContext) => Returned;

function reader(label: string, options: ResourceOptions, read: ReadFunction): Resource['read'] {
  const { version, timeoutMs, mimeType, ttlMs = 0, cacheScope = 'private' } = options;
  const run = async (call: Call, context: CallContext): Promise<Result> => ({
    resultType: 'complete',
    ttlMs,
    cacheScope,
    ...contentsOf({ label, uri: targetOf(call), mimeType }, await read(call, context)),
  });
  return (call, runtime) => runFunction(call, runtime, { label, version, timeoutMs, run });
}

const targetOf = (call: Call): string => call.target ?? '';

interface Read {
  readonly label: string;
  readonly uri: string;
  readonly mimeType: string | undefined;
}

function contentsOf({ label, uri, mimeType }: Read, returned: ResourceReturn): JsonObject {
  if (isJsonObject(returned) && Array.isArray(returned.contents)) return returned;
  const type = mimeType === undefined ? {} : { mimeType };
  if (typeof returned === 'string') return { contents: [{ uri, ...type, text: returned }] };
  if (returned instanceof Uint8Array) return { contents: [{ uri, ...type, blob: toBase64(returned) }] };
  throw wrongReturn(label, 'neither text, bytes nor contents');
}

function lister(label: string, list: List): ResourceTemplate['list'] {
  const run = async (_call: Call, context: CallContext): Promise<Result> => {
    const resources: unknown = await list(context);
    if (Array.isArray(resources) && resources.every(isListed)) return { resultType: 'complete', resources };
    throw wrongReturn(label, 'something other than entries with a uri and a name');
  };
  // A list is one message, and the progress of several lists would not grow.
  return (call, runtime) =>
    runFunction({ ...call, progressToken: undefined, logLevel: undefined }, runtime, { label, canAsk: false, run });
}

const isListed = (entry: unknown): boolean =>
  isJsonObject(entry) && typeof entry.uri === 'string' && typeof entry.name === 'string';
