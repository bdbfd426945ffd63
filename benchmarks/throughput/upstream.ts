import { createServer, type Socket } from 'node:net';
import { report } from '../measure/child.ts';
import { createAnswers } from './answers.ts';

/**
 * An upstream over HTTP. Arguments: `modern` or `legacy`, bytes of a result.
 *
 * @remarks Written on sockets, because it shares a core with the generator: where the two are slower than a proxy, the
 * proxy has nothing to do, and its figures say nothing.
 */
const [era, textBytes = '100'] = process.argv.slice(2);
const isLegacy = era === 'legacy';
const answer = createAnswers({ era: isLegacy ? 'legacy' : 'modern', textBytes: Number(textBytes) });

const CONTENT_LENGTH = /content-length: (\d+)/i;
const JSON_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
const EMPTY: Readonly<Record<string, string>> = {
  POST: 'HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n',
  GET: 'HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n',
  DELETE: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
};
let sessions = 0;

/** Answers the requests that are whole; returns what is left. */
function answerAll(text: string, socket: Socket): string {
  let rest = text;
  for (;;) {
    const end = endOfRequest(rest);
    if (end === undefined) return rest;
    socket.write(responseTo(rest.slice(0, end)), 'latin1');
    rest = rest.slice(end);
  }
}

function endOfRequest(text: string): number | undefined {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return undefined;
  const end = head + 4 + Number(CONTENT_LENGTH.exec(text)?.[1] ?? 0);
  return text.length >= end ? end : undefined;
}

function responseTo(request: string): string {
  const body = request.startsWith('POST') ? answer(request) : undefined;
  if (body === undefined) return EMPTY[request.slice(0, request.indexOf(' '))] ?? EMPTY.GET!;
  const session = isLegacy && request.includes('"initialize"') ? `Mcp-Session-Id: ${++sessions}\r\n` : '';
  return `${JSON_HEAD}${session}Content-Length: ${body.length}\r\n\r\n${body}`;
}

const server = createServer({ noDelay: true }, (socket) => {
  let rest = '';
  socket.on('data', (chunk: Buffer) => {
    const text = chunk.toString('latin1');
    rest = answerAll(rest === '' ? text : rest + text, socket);
  });
  socket.on('error', () => socket.destroy());
});
report(server);
