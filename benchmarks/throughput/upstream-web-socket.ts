import { createServer } from 'node:http';
import { WebSocketServer, type RawData } from 'ws';
import { report } from '../measure/child.ts';
import { createAnswers } from './answers.ts';

/** An upstream over WebSocket. */
const answer = createAnswers({ era: 'modern' });
const server = createServer();
const sockets = new WebSocketServer({ server, handleProtocols: () => 'mcp', perMessageDeflate: false });
sockets.on('connection', (socket) => {
  socket.on('message', (data: RawData) => {
    const body = answer((data as Buffer).toString('latin1'));
    if (body !== undefined) socket.send(body);
  });
});
report(server);
