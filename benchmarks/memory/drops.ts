import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { ID_MARK } from '../measure/connection.ts';
import { callBody, callHeaders, ENVELOPE, HANDSHAKE } from '../server/requests.ts';

type Headers = Readonly<Record<string, string>>;

/** One way to open a connection and to leave it without a word. */
export type Drop = (url: URL) => Promise<void>;

const CALL = callBody('modern').replace(ID_MARK, '1');
const MODERN = callHeaders();
const TIMEOUT_MS = 10_000;

/** The kinds of connections that are dropped, by what they leave open at the server. */
export const DROPS: Readonly<Record<string, Drop>> = {
  'nothing sent': (url) => drop(url, () => Promise.resolve()),
  'half a request': (url) =>
    drop(url, (socket) => {
      const text = post(url, MODERN, CALL);
      return write(socket, text.slice(0, text.length - 50));
    }),
  'a call without its answer': (url) => drop(url, (socket) => write(socket, post(url, ...waiting()))),
  'the stream of a call': (url) =>
    drop(url, (socket) => ask(socket, post(url, ...waiting({ progressToken: 1 })), 'progress')),
  'a subscription': (url) => drop(url, (socket) => ask(socket, post(url, ...listening()), 'acknowledged')),
  'the GET stream of a session': (url) => drop(url, (socket) => openStream(url, socket)),
  'a WebSocket': dropWebSocket,
};

/** Opens a legacy session and leaves it. */
export const openSession: Drop = (url) =>
  drop(url, (socket) => ask(socket, post(url, callHeaders(''), JSON.stringify(HANDSHAKE[0])), '"result"'));

async function drop(url: URL, use: (socket: Socket) => Promise<unknown>): Promise<void> {
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(TIMEOUT_MS) });
    await use(socket);
  } finally {
    socket.destroy();
  }
}

async function openStream(url: URL, socket: Socket): Promise<void> {
  const answer = await ask(socket, post(url, callHeaders(''), JSON.stringify(HANDSHAKE[0])), '"result"');
  const session = /mcp-session-id: (\S+)/i.exec(answer)?.[1] ?? '';
  const headers = linesOf({ Host: url.host, ...callHeaders(session), Accept: 'text/event-stream' });
  await ask(socket, `GET ${url.pathname} HTTP/1.1\r\n${headers}\r\n\r\n`, 'text/event-stream');
}

async function dropWebSocket(url: URL): Promise<void> {
  const socket = new WebSocket(`ws://${url.host}${url.pathname}`, 'mcp');
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    await once(socket, 'open', { signal });
    socket.send(CALL);
    const [data] = (await once(socket, 'message', { signal })) as [Buffer];
    if (!data.toString().includes('"result"')) throw new Error(`a WebSocket was answered ${data.toString()}`);
  } finally {
    socket.terminate();
  }
}

const write = (socket: Socket, text: string): Promise<void> =>
  new Promise((resolve, reject) => socket.write(text, (error) => (error ? reject(error) : resolve())));

/** Sends a request and waits until `part` of the answer is there. */
async function ask(socket: Socket, text: string, part: string): Promise<string> {
  socket.write(text);
  let answer = '';
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  while (!answer.includes(part)) {
    const [data] = (await once(socket, 'data', { signal })) as [Buffer];
    answer += data.toString('latin1');
    if (!answer.startsWith('HTTP/1.1 200')) throw new Error(`a request was answered ${answer}`);
  }
  return answer;
}

function post(url: URL, headers: Headers, body: string): string {
  const head = linesOf({ Host: url.host, ...headers, 'Content-Length': String(body.length) });
  return `POST ${url.pathname} HTTP/1.1\r\n${head}\r\n\r\n${body}`;
}

const linesOf = (headers: Headers): string =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\r\n');

/** The headers and the body of a modern request. */
function request(method: string, params: Readonly<Record<string, unknown>>, meta = {}): [Headers, string] {
  const { 'Mcp-Name': _, ...headers } = MODERN;
  const name = typeof params.name === 'string' ? { 'Mcp-Name': params.name } : {};
  const body = { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: { ...ENVELOPE._meta, ...meta } } };
  return [{ ...headers, ...name, 'Mcp-Method': method }, JSON.stringify(body)];
}

/** A call of `wait`; with a token, its answer begins with the progress. */
const waiting = (meta = {}): [Headers, string] => request('tools/call', { name: 'wait', arguments: {} }, meta);

const listening = (): [Headers, string] =>
  request('subscriptions/listen', { notifications: { toolsListChanged: true } });
