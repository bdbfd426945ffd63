import { connect, EraVerdict, linkOverChannel, type Connection } from '@org/mcp-sdk/connect';
import { openWebSocket, type SocketChannel } from '@org/mcp-sdk/node';
import type { ConnectContext } from './in-process.ts';
import type { Transport } from './transport.ts';
import { withPing } from './with-ping.ts';

/** A server behind a `ws:` or `wss:` URL. */
export interface WebSocketEndpointOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** A server over WebSocket as an endpoint: all calls share one socket. */
export function overWebSocket({ url, headers }: WebSocketEndpointOptions, context: ConnectContext): Transport {
  const verdict = new EraVerdict(context.clock);
  // The path may hold a credential.
  const label = url.origin;
  return {
    kind: 'websocket',
    label,
    supervised: false,
    async open(signal, terms) {
      const channel = await openWebSocket({ url, headers, auth: undefined, signal, clock: context.clock });
      const link = linkOverChannel(channel, label);
      try {
        const connection = await connect(link, { ...context, ...terms, signal, verdict });
        return withPing(connection, { ping: (until) => pingOrLook(channel, connection, until) });
      } catch (thrown) {
        await link.close();
        throw thrown;
      }
    },
  };
}

/** On a socket that all share, a ping waits behind long messages: a peer with one on its way is there. */
async function pingOrLook(channel: SocketChannel, connection: Connection, signal: AbortSignal): Promise<void> {
  const { bytesRead, bytesWaiting } = channel;
  try {
    await connection.ping(signal);
  } catch (thrown) {
    const isBusy = bytesWaiting > 0 || channel.bytesRead > bytesRead;
    if (!signal.aborted || !isBusy) throw thrown;
  }
}
