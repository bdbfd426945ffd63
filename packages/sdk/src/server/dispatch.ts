import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import type { JsonObject } from '../core/json.ts';
import { LIST_MEMBERS, type ListMethod } from '../core/methods.ts';
import { Payload } from '../core/payload.ts';
import { META, MODERN_VERSIONS } from '../core/protocol.ts';
import { resultReply, type Reply } from '../core/reply.ts';
import type { Faults } from './faults.ts';
import type { CacheHints } from './cache-hints.ts';
import type { Catalog } from './catalog.ts';
import { resourcesAskedBy, tasksAskedBy } from './changes.ts';
import { argumentOf, runCompletion } from './completion.ts';
import { wrapped, type Extension } from './parts.ts';
import type { CallContext } from './context.ts';
import { listResources } from './resource-list.ts';
import { runFunction } from './run.ts';
import type { ServerRuntime } from './runtime.ts';
import { checkShape, type Shape } from './shape.ts';
import { Tasks, TASKS_EXTENSION, wantsTasks } from './tasks.ts';

/** What a server is made of. */
export interface ServerParts {
  readonly info: JsonObject;
  readonly instructions: string | undefined;
  readonly catalog: Catalog;
  readonly extensions: readonly Extension[];
  readonly runtime: ServerRuntime;
  /** Entries of one page of a list. */
  readonly pageSize: number;
  readonly hints: Required<CacheHints>;
}

/** The innermost handler of a server: finds the function that answers a call. */
export function createDispatch(parts: ServerParts): Handler {
  const { catalog, runtime, extensions } = parts;
  const _meta = { [META.serverInfo]: parts.info };
  const tasks = createTasks(parts);
  const list = (method: ListMethod, call: Call): Reply => {
    const { entries, nextCursor } = registryOf(catalog, method).page(call.params.value.cursor, parts.pageSize);
    return complete({ [LIST_MEMBERS[method]]: entries, ...(nextCursor ? { nextCursor } : {}), ...parts.hints, _meta });
  };
  const methods: Readonly<Record<string, (call: Call) => Reply | Promise<Reply>>> = {
    ...Object.fromEntries(extensions.flatMap(({ methods: own = {} }) => Object.entries(own))),
    ...tasks.methods,
    'server/discover': () => complete({ ...describe(parts), ...parts.hints, _meta }),
    'subscriptions/listen': async (call) =>
      catalog.changes.listen(call, {
        taskIds: await tasks.ownedBy(call, tasksAskedBy(call)),
        uris: await catalog.audible(call, resourcesAskedBy(call)),
      }),
    'tools/list': (call) => list('tools/list', call),
    'tools/call': (call) => {
      const tool = found('tool', call, catalog.tools.find(call.target ?? ''));
      if (!tool.isTask || call.era !== 'modern' || !wantsTasks(call)) return tool.call(call, runtime);
      tool.checkHeaders(call);
      // What a middleware of its group refuses makes no task: the caller may have to ask for more scopes first.
      return wrapped(tool.layers, (given) => tasks.start(given))(call);
    },
    'prompts/list': (call) => list('prompts/list', call),
    'prompts/get': (call) => found('prompt', call, catalog.prompts.find(call.target ?? '')).get(call, runtime),
    'resources/list': async (call) => complete({ ...(await listResources(call, parts)), ...parts.hints, _meta }),
    'resources/templates/list': (call) => list('resources/templates/list', call),
    'resources/read': (call) => found('resource', call, catalog.findResource(call.target ?? '')).read(call, runtime),
    'completion/complete': (call) => completeArgument(call, parts),
  };
  return async (call) => {
    const answer = Object.hasOwn(methods, call.method) ? methods[call.method] : undefined;
    if (!answer) throw new McpError('method_not_found', `Unknown method: ${call.method.slice(0, 80)}`);
    return answer(call);
  };
}

const registryOf = (catalog: Catalog, method: ListMethod) =>
  ({
    'tools/list': catalog.tools,
    'prompts/list': catalog.prompts,
    'resources/list': catalog.resources,
    'resources/templates/list': catalog.templates,
  })[method];

const createTasks = ({ catalog, runtime }: ServerParts): Tasks =>
  new Tasks({
    runtime,
    callTool: async (call) => found('tool', call, catalog.tools.find(call.target ?? '')).call(call, runtime),
    isRepeatable: (tool) => catalog.tools.find(tool)?.isRepeatable === true,
    onChange: (task) => {
      catalog.changes.taskChanged(task);
    },
  });

function completeArgument(call: Call, { catalog, runtime }: ServerParts): Promise<Reply> {
  const completer = catalog.completerOf(call, argumentOf(call).name);
  if (!completer) throw new McpError('not_found', `Nothing to complete: ${(call.target ?? '').slice(0, 200)}`);
  const { complete: suggest, layers } = completer;
  const run = (_call: Call, context: CallContext) => runCompletion(call, context, suggest);
  return wrapped(layers, (given) => runFunction(given, runtime, { label: 'completion', canAsk: false, run }))(call);
}

/** What a server answers itself; extensions cannot. */
const OWN = new Set([
  ...['server/discover', 'subscriptions/listen', 'tools/call', 'prompts/get', 'resources/read', 'completion/complete'],
  ...[...Object.keys(LIST_MEMBERS), 'tasks/get', 'tasks/update', 'tasks/cancel'],
]);

const EXTENSION_SHAPE: Shape<Extension> = {
  required: ['name'],
  members: { name: 'text', settings: 'object', methods: 'functions' },
};

/** Finds what is no extension, and extensions and methods that are there already. */
export function checkExtensions(extensions: readonly Extension[], faults: Faults): void {
  const names = new Set<string>([TASKS_EXTENSION]);
  const methods = new Set(OWN);
  for (const [index, extension] of extensions.entries()) {
    const isWhole = faults.attempt(() => {
      checkShape(`extension ${index + 1}`, extension, EXTENSION_SHAPE);
      return true;
    });
    if (!isWhole) continue;
    const { name, methods: own = {} } = extension;
    if (names.has(name)) faults.add(`extension "${name}" is defined twice.`);
    names.add(name);
    for (const method of Object.keys(own)) {
      if (methods.has(method)) faults.add(`extension "${name}": the method "${method}" is there already.`);
      methods.add(method);
    }
  }
}

/** The first of each kind may be added while the server runs, so each is always told of. */
const describe = ({ instructions, extensions }: ServerParts): JsonObject => ({
  supportedVersions: [...MODERN_VERSIONS],
  capabilities: {
    tools: { listChanged: true },
    prompts: { listChanged: true },
    resources: { listChanged: true, subscribe: true },
    completions: {},
    logging: {},
    extensions: {
      [TASKS_EXTENSION]: {},
      ...Object.fromEntries(extensions.map(({ name, settings = {} }) => [name, settings])),
    },
  },
  ...(instructions === undefined ? {} : { instructions }),
});

const complete = (result: JsonObject): Reply =>
  resultReply(Payload.of({ resultType: 'complete', ...result }), () => 'complete');

function found<T>(kind: string, call: Call, entry: T | undefined): T {
  if (entry !== undefined) return entry;
  if (call.target === undefined)
    throw new McpError(
      'invalid_params',
      `params must name the ${kind} (${kind === 'resource' ? 'uri' : 'name'}: a string).`,
    );
  const data = kind === 'resource' ? { data: { uri: call.target } } : {};
  throw new McpError('not_found', `Unknown ${kind}: ${call.target.slice(0, 200)}`, data);
}
