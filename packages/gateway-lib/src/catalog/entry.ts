import {
  createCall,
  isJsonObject,
  LIST_MEMBERS,
  McpError,
  Payload,
  type CallOptions,
  type Handler,
  type ListMethod,
  type Reply,
  type Span,
} from '@org/mcp-sdk';
import { elementsOf, headerParams, membersOf, type HeaderParam } from '@org/mcp-sdk/wire';

/** A tool, prompt, resource or template as its upstream listed it. */
export interface Entry {
  /** `name`, `uri` or `uriTemplate`: what identifies it. */
  readonly key: string;
  /** The entry as JSON, byte for byte. */
  readonly json: Uint8Array;
  /** Where `key` stands in `json`. */
  readonly at: Span;
  /** Arguments of a tool that HTTP mirrors in headers. @defaultValue none */
  readonly headerParams?: readonly HeaderParam[];
}

/** A list of one upstream. */
export interface UpstreamList {
  readonly entries: readonly Entry[];
  /** How long it may be taken as true. Unit: ms. */
  readonly ttlMs: number;
  readonly isPublic: boolean;
  /** How many entries were left out: nothing usable identifies them, or a tool's `x-mcp-header` is not allowed. @defaultValue 0 */
  readonly skipped?: number;
}

const KEY_MEMBER = {
  'tools/list': 'name',
  'prompts/list': 'name',
  'resources/list': 'uri',
  'resources/templates/list': 'uriTemplate',
} as const satisfies Record<ListMethod, string>;

/** More pages than that is a server that never ends. */
const MAX_PAGES = 1_000;

/** Who reads, and what ends it. */
export type Reader = Required<Pick<CallOptions, 'signal' | 'clientInfo'>> & Pick<CallOptions, 'clientCapabilities'>;

/** A list without anything in it. */
export const EMPTY_LIST: UpstreamList = { entries: [], ttlMs: Infinity, isPublic: true };

/**
 * Reads a list of an upstream to its end, following the cursors. Entries that nothing identifies are left out,
 * and tools whose `x-mcp-header` is not allowed.
 * @throws McpError `unavailable` if the pages do not end or hold something else than a list
 */
export async function readList(handler: Handler, method: ListMethod, from: Reader): Promise<UpstreamList> {
  const entries: Entry[] = [];
  let skipped = 0;
  let cursor: unknown;
  let ttlMs = Infinity;
  let isPublic = true;
  for (let page = 0; page < MAX_PAGES; page++) {
    const reply = await handler(createCall(method, cursor === undefined ? {} : { cursor }, from));
    const members = new Members(await resultOf(reply));
    for (const entry of entriesOf(method, members)) {
      if (entry) entries.push(entry);
      else skipped++;
    }
    ttlMs = Math.min(ttlMs, Math.max(0, Number(members.value('ttlMs') ?? 0) || 0));
    isPublic &&= members.value('cacheScope') === 'public';
    const next = members.value('nextCursor') ?? undefined;
    if (next === undefined) return { entries, ttlMs, isPublic, skipped };
    if (next === cursor) break;
    cursor = next;
  }
  throw new McpError('unavailable', `the pages of ${method} do not end`);
}

/** An object whose members are read one by one. */
class Members {
  readonly #bytes: Uint8Array;
  readonly #spans: ReadonlyMap<string, Span>;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#spans = membersOf(bytes);
  }

  bytes(key: string): Uint8Array | undefined {
    const span = this.#spans.get(key);
    return span && this.#bytes.subarray(span.start, span.end);
  }

  value(key: string): unknown {
    const bytes = this.bytes(key);
    return bytes && (JSON.parse(decoder.decode(bytes)) as unknown);
  }

  span(key: string): Span | undefined {
    return this.#spans.get(key);
  }
}

const decoder = new TextDecoder();

async function resultOf(reply: Reply): Promise<Uint8Array> {
  if (reply.single?.kind === 'result') return reply.single.result.bytes;
  return Payload.of(await reply.result()).bytes;
}

function entriesOf(method: ListMethod, members: Members): (Entry | undefined)[] {
  const type = members.value('resultType') ?? 'complete';
  if (type !== 'complete') throw new McpError('unavailable', `the result of ${method} has a type that no list has`);
  const list = members.bytes(LIST_MEMBERS[method]);
  if (!list) throw new McpError('unavailable', `the result of ${method} has no "${LIST_MEMBERS[method]}"`);
  return elementsOf(list).map(({ start, end }) => entryOf(KEY_MEMBER[method], list.subarray(start, end)));
}

function entryOf(member: string, json: Uint8Array): Entry | undefined {
  // "{": membersOf takes nothing but objects.
  if (json[0] !== 0x7b) return undefined;
  const entry = new Members(json);
  const key = entry.value(member);
  const at = entry.span(member);
  if (typeof key !== 'string' || key === '' || !at) return undefined;
  const params = mayHaveHeaders(json) ? headerParamsOf(entry, key) : NO_PARAMS;
  if (params === NO_PARAMS) return { key, json, at };
  return params && { key, json, at, headerParams: params };
}

const NO_PARAMS: readonly HeaderParam[] = [];

const ANNOTATION = 'x-mcp-header';

/** Most lists have no such tool: they are not parsed for it. */
const mayHaveHeaders = (json: Uint8Array): boolean => decoder.decode(json).includes(ANNOTATION);

/** Undefined for a tool that clients must leave out. */
function headerParamsOf(entry: Members, name: string): readonly HeaderParam[] | undefined {
  const schema = entry.value('inputSchema');
  if (!isJsonObject(schema)) return NO_PARAMS;
  try {
    const params = headerParams(schema, name);
    return params.length === 0 ? NO_PARAMS : params;
  } catch {
    return undefined;
  }
}
