import {
  ERROR_TABLE,
  errorReply,
  isJsonObject,
  McpError,
  type Call,
  type Handler,
  type ListMethod,
  type Middleware,
  type Reply,
} from '@org/mcp-sdk';
import { changedCall, checkParamHeaders, mirroredHeaders, type HeaderParam } from '@org/mcp-sdk/wire';
import { URI_LISTS, type CatalogView } from '../catalog/catalog-view.ts';
import type { Origin } from '../catalog/merged-list.ts';
import { Routed, type Route, type RoutedCall } from '../core/routed-call.ts';
import type { Upstream } from '../core/upstream.ts';
import type { RouteOther } from './route-other.ts';

/** What calls are resolved with. */
export interface ResolveOptions {
  readonly catalog: CatalogView;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** Finds the upstreams for methods whose targets are in no list. */
  readonly routeOther: RouteOther;
}

/**
 * First stage: finds the upstream of a call by one look-up.
 *
 * @remarks Lists are only read when the look-up finds nothing and some upstream has not been read yet.
 */
export const createResolve =
  ({ catalog, upstreams, routeOther }: ResolveOptions): Middleware<Call, RoutedCall> =>
  (next) => {
    const go = (call: Call, origin: Origin): Promise<Reply> => {
      const upstream = upstreams.get(origin.upstream);
      if (!upstream) throw new McpError('internal', `No upstream is called ${origin.upstream}.`);
      const route: Route = { upstream, target: origin.target };
      return next(new Routed(origin.headerParams ? withHeaders(call, origin.headerParams) : call, route));
    };
    const lookFor = async (call: Call, place: Place): Promise<Reply> => {
      const origin = await read(catalog, place);
      if (!origin) throw unknown(place, catalog);
      return go(call, origin);
    };
    const other = async (call: Call): Promise<Reply> => firstToKnow(next, call, await routeOther(call));
    return (call) => {
      try {
        if (!isListed(call.method)) return other(call);
        const place = placeOf(call);
        const origin = find(catalog, place);
        return origin ? go(call, origin) : lookFor(call, place);
      } catch (thrown) {
        return rejected(thrown);
      }
    };
  };

const rejected = async (thrown: unknown): Promise<never> => Promise.reject(thrown);

/** Asks the upstreams that may know a method one after the other: "unknown" says that nothing has run. */
async function firstToKnow(
  next: Handler<RoutedCall>,
  call: Call,
  [route, ...others]: readonly Route[],
): Promise<Reply> {
  if (!route) throw new McpError('method_not_found', `Unknown method: ${call.method.slice(0, 80)}`);
  const answering = next(new Routed(call, route));
  if (others.length === 0) return answering;
  const reply = await answering.catch(errorReply);
  return isUnknownMethod(reply) ? firstToKnow(next, call, others) : reply;
}

const METHOD_NOT_FOUND = ERROR_TABLE.method_not_found.rpc;

const isUnknownMethod = ({ single }: Reply): boolean =>
  single?.kind === 'error' && single.error.value.code === METHOD_NOT_FOUND;

/** Finds whose resource a URI is; undefined if nobody's that was read, or several upstreams' where that is an error. */
export async function locateResource(catalog: CatalogView, uri: string): Promise<Origin | undefined> {
  const place = { lists: URI_LISTS, noun: 'resource', key: uri };
  try {
    return find(catalog, place) ?? (await read(catalog, place));
  } catch {
    return undefined;
  }
}

async function read(catalog: CatalogView, place: Place): Promise<Origin | undefined> {
  await Promise.all(place.lists.map((list) => catalog.readUnread(list)));
  return find(catalog, place);
}

/**
 * Checks what a caller over HTTP mirrored, and mirrors for callers that cannot: the upstream may want it.
 * @throws McpError `header_mismatch`
 */
function withHeaders(call: Call, params: readonly HeaderParam[]): Call {
  const given = call.params.value.arguments;
  checkParamHeaders(params, isJsonObject(given) ? given : {}, call.paramHeaders);
  return changedCall(call, { paramHeaders: { ...call.paramHeaders, ...mirroredHeaders(params, given) } });
}

/** What a call is about, and the lists that may hold it. */
interface Place {
  readonly lists: readonly ListMethod[];
  readonly noun: string;
  readonly key: string;
}

/** Which lists hold the targets of a method, and what they are to people. */
const TARGETS: Readonly<Record<string, Omit<Place, 'key'>>> = {
  'tools/call': { lists: ['tools/list'], noun: 'tool' },
  'prompts/get': { lists: ['prompts/list'], noun: 'prompt' },
  'resources/read': { lists: URI_LISTS, noun: 'resource' },
};

/** Whether what a method is about is in a list. */
const isListed = (method: string): boolean => method === 'completion/complete' || Object.hasOwn(TARGETS, method);

function placeOf(call: Call): Place {
  const target = TARGETS[call.method];
  if (!target) return placeOfReference(call);
  if (call.target !== undefined) return { lists: target.lists, noun: target.noun, key: call.target };
  const member = target.lists === URI_LISTS ? 'uri' : 'name';
  throw new McpError('invalid_params', `params.${member} must be a string: the ${target.noun} that is meant.`);
}

function placeOfReference(call: Call): Place {
  const { ref } = call.params.value;
  const type = isJsonObject(ref) ? ref.type : undefined;
  if (call.target === undefined || (type !== 'ref/prompt' && type !== 'ref/resource'))
    throw new McpError('invalid_params', 'params.ref must be a ref/prompt with a name or a ref/resource with a uri.');
  if (type === 'ref/prompt') return { lists: ['prompts/list'], noun: 'prompt', key: call.target };
  return { lists: URI_LISTS, noun: 'resource', key: call.target };
}

function find(catalog: CatalogView, { lists, key }: Place): Origin | undefined {
  if (lists === URI_LISTS) return catalog.findUri(key);
  for (const list of lists) {
    const origin = catalog.find(list, key);
    if (origin) return origin;
  }
  return undefined;
}

/** What nobody read so far has may be an upstream's that could not be read: then it is missing, not unknown. */
function unknown({ lists, noun, key }: Place, catalog: CatalogView): McpError {
  const unread = [...new Set(lists.flatMap((list) => catalog.unread(list)))];
  const message = `Unknown ${noun}: ${key.slice(0, 200)}`;
  const about = lists === URI_LISTS ? { uri: key } : {};
  if (unread.length === 0) return new McpError('not_found', message, { data: about });
  return new McpError('unavailable', `${message}. No answer yet from: ${unread.join(', ')}.`, {
    data: { ...about, missing: unread },
  });
}
