import { McpError } from './errors.ts';

/** How a method is answered: once, with a list that can be merged, or with a stream that stays open. */
export type MethodClass = 'unary' | 'list' | 'discover' | 'listen';

/** The list methods and the member of their result that holds the entries. */
export const LIST_MEMBERS = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
} as const;

/** A method that answers with a list. */
export type ListMethod = keyof typeof LIST_MEMBERS;

/** Whether `method` answers with a list. */
export const isListMethod = (method: string): method is ListMethod => Object.hasOwn(LIST_MEMBERS, method);

/** Where a method names its target, and whether HTTP mirrors it in `Mcp-Name`. */
export type TargetMember = 'name' | 'uri' | 'ref' | 'taskId';

const TARGET_MEMBER: Readonly<Record<string, TargetMember>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'completion/complete': 'ref',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
  'tasks/result': 'taskId',
};

/** The member of `params` that a call of `method` is routed by; undefined when there is none. */
export const targetMember = (method: string): TargetMember | undefined =>
  Object.hasOwn(TARGET_MEMBER, method) ? TARGET_MEMBER[method] : undefined;

/** The member of `params.ref` that names what a completion is for. */
export type ReferenceMember = 'name' | 'uri';

/** What {@link referenceMember} looks at: a reference, or what a scanner found of one. */
export interface Reference {
  readonly type: unknown;
  readonly name: unknown;
  readonly uri: unknown;
}

/**
 * The member that `ref` names its target by; its type decides.
 * @throws McpError `invalid_params` if it has another member too: what is authorised must be what a server reads
 */
export function referenceMember(ref: Reference): ReferenceMember {
  if (ref.type === 'ref/prompt' && typeof ref.name === 'string' && ref.uri === undefined) return 'name';
  if (ref.type === 'ref/resource' && typeof ref.uri === 'string' && ref.name === undefined) return 'uri';
  throw new McpError('invalid_params', 'params.ref must be a ref/prompt with a name or a ref/resource with a uri.');
}

/** Of the legacy era only, which mirrors nothing; a modern server does not know it. */
const LEGACY_ONLY = 'tasks/result';

/**
 * Whether HTTP requests of `method` must carry `Mcp-Name` (Streamable HTTP, "Standard Request Headers"; for tasks, the
 * tasks extension, "Routing Headers").
 */
export const needsNameHeader = (method: string): boolean => {
  const member = targetMember(method);
  return member !== undefined && member !== 'ref' && method !== LEGACY_ONLY;
};

/** First parts of the methods of all revisions. */
const OF_THE_PROTOCOL = new Set([
  ...['initialize', 'ping', 'server', 'tools', 'prompts', 'resources', 'completion', 'logging', 'subscriptions'],
  ...['sampling', 'elicitation', 'roots', 'tasks'],
]);

/** What notifications of all revisions are called behind `notifications/`, where that is no method's first part. */
const NOTIFICATIONS = new Set(['initialized', 'cancelled', 'progress', 'message']);

const NOTIFICATION_PREFIX = 'notifications/';

/** What a method, or a notification, is called without what all notifications of the protocol begin with. */
export const withoutPrefix = (method: string): string =>
  method.startsWith(NOTIFICATION_PREFIX) ? method.slice(NOTIFICATION_PREFIX.length) : method;

/** Whether a method, or a notification, is called like those of the protocol, of any revision: then it is no extension's. */
export function isOfProtocol(method: string): boolean {
  const name = withoutPrefix(method);
  const [first = ''] = name.split('/', 1);
  return OF_THE_PROTOCOL.has(first) || (name !== method && NOTIFICATIONS.has(first));
}

/** Says that what a client has answered to `roots/list` holds no more; of the legacy era only. */
export const ROOTS_CHANGED = 'notifications/roots/list_changed';

const CACHEABLE = new Set(['server/discover', 'resources/read', ...Object.keys(LIST_MEMBERS)]);

/** Whether complete results of `method` must carry `ttlMs` and `cacheScope`. */
export const isCacheable = (method: string): boolean => CACHEABLE.has(method);

/** The class of `method`; unknown methods are unary. */
export function classOf(method: string): MethodClass {
  if (isListMethod(method)) return 'list';
  if (method === 'server/discover') return 'discover';
  return method === 'subscriptions/listen' ? 'listen' : 'unary';
}
