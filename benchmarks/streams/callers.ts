import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { callHeaders, ENVELOPE, HANDSHAKE, type Era } from '../server/requests.ts';

/** The resource that is watched. */
export const RESOURCE = 'notes:today';

/** The text of the first event of a flood. */
export const FIRST = 'the first event';

/** Length of the other events of a flood. Unit: bytes. */
export const EVENT_BYTES = 65_536;

/** How many requests are opened at the same time. */
const AT_ONCE = 32;

/** Answered within this time, or something is wrong. Unit: ms. */
const TIMEOUT_MS = 30_000;

const posts = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
/** A stream has a connection of its own. */
const streams = new Agent({ keepAlive: false });

/** What to ask for, in an era; `session` is that of a legacy caller. */
export interface Question {
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
  /** Members of `_meta` besides those of the era. */
  readonly meta?: Readonly<Record<string, unknown>>;
  /** The legacy session; undefined for a modern caller. */
  readonly session?: string;
}

/** Opens a legacy session. @returns its id */
export async function openLegacy(url: URL): Promise<string> {
  const [initialize, initialized] = HANDSHAKE;
  const answer = await send(url, { headers: callHeaders(''), body: JSON.stringify(initialize) });
  await textOf(answer);
  const session = String(answer.headers['mcp-session-id']);
  await textOf(await send(url, { headers: callHeaders(session), body: JSON.stringify(initialized) }));
  return session;
}

/** Asks, and reads the whole answer. */
export const ask = async (url: URL, question: Question): Promise<string> => textOf(await post(url, question, posts));

/** Asks for what is answered by a stream; nothing of it is read yet. */
export const askForStream = (url: URL, question: Question): Promise<IncomingMessage> => post(url, question, streams);

/** Opens the GET stream of a legacy session. */
export const openGet = (url: URL, session: string): Promise<IncomingMessage> =>
  send(url, { headers: { ...callHeaders(session), Accept: 'text/event-stream' }, agent: streams });

/** Resolves once `part` has come on a stream, which goes on. */
export function comes(stream: IncomingMessage, part: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => {
      reject(new Error(`${part} did not come within ${TIMEOUT_MS} ms, but ${text.slice(-500)}`));
    }, TIMEOUT_MS);
    const look = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (!text.includes(part)) return;
      clearTimeout(timer);
      stream.off('data', look);
      // What nobody reads must not fill up.
      stream.resume();
      resolve();
    };
    stream.on('data', look);
  });
}

/** Does something `count` times, some of it at once. */
export async function repeat<T>(count: number, use: () => Promise<T>): Promise<T[]> {
  const done: T[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next++ < count) done.push(await use());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return done;
}

function post(url: URL, { method, params = {}, meta = {}, session }: Question, agent: Agent): Promise<IncomingMessage> {
  const era: Era = session === undefined ? 'modern' : 'legacy';
  const _meta = { ...(era === 'modern' ? ENVELOPE._meta : {}), ...meta };
  const { 'Mcp-Name': _, ...headers } = callHeaders(session);
  const named = era === 'modern' ? { 'Mcp-Method': method } : {};
  const name = era === 'modern' && typeof params.name === 'string' ? { 'Mcp-Name': params.name } : {};
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } });
  return send(url, { headers: { ...headers, ...named, ...name }, body, agent });
}

interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  /** Posted; nothing is a GET. */
  readonly body?: string;
  readonly agent?: Agent;
}

async function send(url: URL, { headers, body, agent = posts }: Sent): Promise<IncomingMessage> {
  const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
  const req = request(url, { method: body === undefined ? 'GET' : 'POST', headers: { ...headers, ...length }, agent });
  req.end(body);
  const [answer] = (await once(req, 'response', { signal: AbortSignal.timeout(TIMEOUT_MS) })) as [IncomingMessage];
  // A stream that is open at the end is cut off.
  answer.on('error', () => undefined);
  if (answer.statusCode !== 200 && answer.statusCode !== 202)
    throw new Error(`a request was answered ${answer.statusCode} ${await textOf(answer)}`);
  return answer;
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}
