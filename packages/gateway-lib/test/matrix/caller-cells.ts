import { serveStdio } from '@org/mcp-sdk/node';
import type { Era } from '@org/mcp-sdk';
import type { Gateway } from '../../src/index.ts';
import { listen } from '../support/clients.ts';
import { startRelay } from '../support/relay.ts';
import type { Driver } from './driver.ts';
import { officialCaller } from './official-caller.ts';
import { ownCaller } from './own-caller.ts';
import type { Place } from './place.ts';

/** The client that is no official one. */
export const OWN_CLIENT = 'our client';

/** Whose client calls. */
export const CLIENTS: Readonly<Record<string, (place: Place, era: Era) => Promise<Driver>>> = {
  [OWN_CLIENT]: ownCaller,
  'the official client': officialCaller,
};

/** The ways of callers to a gateway. */
export const WAYS = ['http', 'stdio', 'WebSocket', 'in-process'] as const;

/** One of {@link WAYS}. */
export type Way = (typeof WAYS)[number];

/** A gateway that is reachable on each way. */
export interface ServedGateway {
  place(way: Way): Place;
  close(): Promise<void>;
}

/** Serves a gateway on each way. */
export async function serveGateway(gateway: Gateway): Promise<ServedGateway> {
  const http = await listen(gateway);
  http.server.on('upgrade', (req, socket, head) => void gateway.upgrade(req, socket, head));
  const relay = await startRelay((streams) => {
    serveStdio(gateway.handler, { streams: { input: streams, output: streams } });
  });
  const places: Record<Way, Place> = {
    http: { kind: 'http', url: http.url },
    stdio: { kind: 'stdio', command: relay.command, args: relay.args },
    WebSocket: { kind: 'socket', url: http.url.replace('http', 'ws') },
    'in-process': { kind: 'memory', gateway },
  };
  return {
    place: (way) => places[way],
    async close() {
      await gateway.close();
      await http.close();
      await relay.close();
    },
  };
}
