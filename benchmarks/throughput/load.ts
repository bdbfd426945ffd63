import { connect, type Socket } from 'node:net';
import { Tally, type Load } from '../measure/load.ts';

/** How to load. */
export interface LoadOptions {
  readonly url: string;
  /** Name of the tool to call. */
  readonly tool: string;
  readonly connections: number;
  readonly seconds: number;
}

/**
 * Calls a tool in a closed loop on each connection; no two requests have the same id.
 *
 * @remarks Written on sockets: the load generators on npm report whole milliseconds, and an HTTP client would cost more
 * than what is measured.
 */
export async function putLoadOn({ url, tool, connections, seconds }: LoadOptions): Promise<Load> {
  const end = performance.now() + seconds * 1000;
  const request = requestFor(new URL(url), tool);
  const tally = new Tally();
  const callers = Array.from({ length: connections }, (_, index) => new Caller(request, index));
  await Promise.all(callers.map((caller) => caller.run(new URL(url), end, tally)));
  return tally.toLoad();
}

/** Digits of an id: all ids are as long as each other, so the head of the request stays the same. */
const ID_DIGITS = 12;
const ID_MARK = '#'.repeat(ID_DIGITS);
const IDS_PER_CONNECTION = 1e8;

/** One connection: sends, waits for the whole answer, sends again. */
class Caller {
  readonly #before: string;
  readonly #after: string;
  #nextId: number;

  constructor(request: string, index: number) {
    [this.#before = '', this.#after = ''] = request.split(ID_MARK);
    this.#nextId = 10 ** (ID_DIGITS - 1) + index * IDS_PER_CONNECTION;
  }

  run(url: URL, end: number, tally: Tally): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port: Number(url.port), host: url.hostname, noDelay: true });
      let sentAt = 0;
      let answer = '';
      const send = (): void => {
        sentAt = performance.now();
        answer = '';
        socket.write(this.#before + String(this.#nextId++) + this.#after);
      };
      socket.setEncoding('latin1');
      socket.once('connect', send).once('error', reject);
      socket.on('data', (text: string) => {
        answer += text;
        if (!isWhole(answer)) return;
        const now = performance.now();
        tally.add(sentAt, now, answer.startsWith('HTTP/1.1 200'));
        if (now < end) send();
        else finish(socket, resolve);
      });
    });
  }
}

function finish(socket: Socket, resolve: () => void): void {
  socket.destroy();
  resolve();
}

function isWhole(answer: string): boolean {
  const head = answer.indexOf('\r\n\r\n');
  if (head < 0) return false;
  const length = /content-length: (\d+)/i.exec(answer)?.[1];
  return length === undefined ? answer.endsWith('0\r\n\r\n') : answer.length >= head + 4 + Number(length);
}

/** A `tools/call` of about 450 bytes, as a real client sends it. */
function requestFor(url: URL, tool: string): string {
  const params = {
    name: tool,
    arguments: { text: 'The quick brown fox jumps over the lazy dog. '.repeat(4) },
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  };
  const body = `{"jsonrpc":"2.0","id":${ID_MARK},"method":"tools/call","params":${JSON.stringify(params)}}`;
  const head = [
    `POST ${url.pathname} HTTP/1.1`,
    `Host: ${url.host}`,
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    'MCP-Protocol-Version: 2026-07-28',
    'Mcp-Method: tools/call',
    `Mcp-Name: ${tool}`,
    `Content-Length: ${body.length}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
