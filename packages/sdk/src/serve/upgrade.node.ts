import { Server, ServerResponse, type IncomingMessage } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { joinJson } from '../core/payload.ts';
import type { HttpResponse } from './http-message.ts';

const ignore = (): void => undefined;

/**
 * Looks at what comes with the `upgrade` event of a `node:http` server, before it is taken or refused.
 *
 * @remarks Node takes its own listeners off the socket: without another one a peer that goes away ends the process.
 * @returns whether it is the handshake of a WebSocket; what is not is dealt with
 */
export function isHandshake(req: IncomingMessage, socket: Socket, head: Uint8Array): boolean {
  if (!socket.listeners('error').includes(ignore)) socket.on('error', ignore);
  if (isAnswering(req, socket)) {
    // The answer to the request before would be written into what follows the handshake.
    socket.destroy();
    return false;
  }
  if (req.headers.upgrade?.toLowerCase() === 'websocket') return true;
  serveWithoutUpgrade(req, socket, head);
  return false;
}

/** Whether the connection still waits for the answer to a request before this one: Node assigns one response at a time. */
function isAnswering(req: IncomingMessage, socket: Socket): boolean {
  const probe = new ServerResponse(req);
  try {
    probe.assignSocket(socket);
  } catch {
    return true;
  }
  probe.detachSocket(socket);
  return false;
}

/**
 * Gives a request back to its server as one that asks for no upgrade; `curl --http2` and Java offer `h2c` this way.
 *
 * @remarks Node 20 has read the head only, and lets go of the connection; it is handed over like a new one.
 * @see RFC 9110, section 7.8: a server may ignore an upgrade that it does not know
 */
function serveWithoutUpgrade(req: IncomingMessage, socket: Socket, head: Uint8Array): void {
  // Node sets it on each connection of a server; its types do not tell.
  const { server } = socket as Socket & { server?: unknown };
  let lines = `${req.method} ${req.url} HTTP/${req.httpVersion}\r\n`;
  for (let i = 0; i < req.rawHeaders.length; i += 2)
    if (req.rawHeaders[i]?.toLowerCase() !== 'upgrade') lines += `${req.rawHeaders[i]}: ${req.rawHeaders[i + 1]}\r\n`;
  socket.unshift(Buffer.concat([Buffer.from(`${lines}\r\n`, 'latin1'), head]));
  if (server instanceof HttpsServer) server.emit('secureConnection', socket);
  else if (server instanceof Server) server.emit('connection', socket);
  else socket.destroy();
}

/** Answers a handshake with a response that is no upgrade, and lets go of the connection. */
export function refuseUpgrade(
  req: IncomingMessage,
  socket: Socket,
  { status, headers, body = [] }: HttpResponse,
): void {
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  // A peer that keeps its half open would hold the connection for ever.
  res.writeHead(status, headers).end(joinJson(body), () => {
    socket.destroySoon();
  });
}
