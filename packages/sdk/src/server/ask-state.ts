import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { toBase64Url } from '../wire/base64.ts';
import { Journal, type JournalState } from './ask.ts';
import { digestOf } from '../wire/digest.ts';
import type { ServerRuntime } from './runtime.ts';

/** How long a caller may take to answer. Unit: ms. */
const TTL_MS = 10 * 60 * 1000;

/** A longer state does not travel with the caller. Unit: bytes of JSON. */
const MAX_INLINE = 8 * 1024;

const PURPOSE = 'request state';

/** Marks the calls of a task: their answers may take as long as the task is kept. */
export const TASK = Symbol('task');

/** A round of a task, detached from the request that started it. */
export interface TaskCall extends Call {
  readonly [TASK]?: { readonly taskId: string; readonly ttlMs: number };
}

/** What a function is, as far as its journal depends on it. */
export interface FunctionIdentity {
  /** A state is not good for another version: the function may ask otherwise. @defaultValue '' */
  readonly version?: string | undefined;
}

/** Opens what the caller brings back. @throws McpError `invalid_params` if it is not good for this call */
export async function openJournal(
  call: Call,
  runtime: ServerRuntime,
  identity: FunctionIdentity,
): Promise<Journal | undefined> {
  const { requestState, inputResponses } = call.params.value;
  if (inputResponses !== undefined && !isJsonObject(inputResponses))
    throw new McpError('invalid_params', 'params.inputResponses must be an object.');
  // Answers to nothing that was asked: a fresh call.
  if (requestState === undefined) return new Journal(call, undefined, inputResponses);
  const content = typeof requestState === 'string' ? await runtime.seal.open(PURPOSE, requestState) : undefined;
  if (
    !content ||
    content.binding !== (await bindingOf(call, identity, runtime)) ||
    Number(content.expires) < runtime.clock.wallClock()
  )
    throw refused('is not one of this call, or has expired');
  // Answers are looked at first: a state must not be used up by a retry that is refused.
  const journal = new Journal(call, await contentOf(content, runtime), inputResponses);
  await useUp(call, String(content.nonce), runtime);
  return journal;
}

/** Seals what the next round needs. @throws McpError `internal` if it is too long and the server has no store */
export async function sealJournal(
  state: JournalState,
  call: Call,
  { runtime, identity }: { readonly runtime: ServerRuntime; readonly identity: FunctionIdentity },
): Promise<string> {
  const nonce = toBase64Url(runtime.random.bytes(16));
  const json = JSON.stringify(state);
  const ttlMs = (call as TaskCall)[TASK]?.ttlMs ?? TTL_MS;
  const expires = runtime.clock.wallClock() + ttlMs;
  const bound: JsonObject = { binding: await bindingOf(call, identity, runtime), nonce, expires };
  const { length } = new TextEncoder().encode(json);
  if (length <= MAX_INLINE) return runtime.seal.seal(PURPOSE, { ...bound, state });
  if (!runtime.store)
    throw new McpError(
      'internal',
      `The answers of this call take ${length} bytes, more than ${MAX_INLINE}; give the server a store.`,
    );
  await runtime.store.set(storeKey('state', nonce), json, ttlMs);
  return runtime.seal.seal(PURPOSE, bound);
}

async function contentOf(content: JsonObject, { store }: ServerRuntime): Promise<JournalState> {
  const nonce = String(content.nonce);
  // Sealed here, so it is what sealJournal wrote.
  if (content.state !== undefined) return content.state as JournalState;
  const json = await store?.get(storeKey('state', nonce));
  if (json === undefined) throw refused('has expired');
  return JSON.parse(json) as JournalState;
}

/** One use: without a store nothing remembers that there was one. */
async function useUp(call: TaskCall, nonce: string, { store }: ServerRuntime): Promise<void> {
  if (!store) return;
  const { taskId = '', ttlMs = TTL_MS } = call[TASK] ?? {};
  const key = storeKey('used', nonce);
  if (await store.add(key, taskId, ttlMs)) return;
  // The task has used it before: its process ended, and another one runs the round again.
  if (taskId === '' || (await store.get(key)) !== taskId) throw refused('has been used');
}

/** What a state is good for: this server and principal, this function in this version, these arguments. */
function bindingOf(
  { principal, method, target, params }: Call,
  { version = '' }: FunctionIdentity,
  { name }: ServerRuntime,
): Promise<string> {
  const who = principal && [principal.issuer ?? null, principal.subject];
  return digestOf([name, who, method, target, version, params.value.arguments ?? null]);
}

const storeKey = (part: string, nonce: string): string => `mcp:ask:${nonce}:${part}`;

const refused = (why: string): McpError =>
  new McpError('invalid_params', `params.requestState ${why}; call again without it.`);
