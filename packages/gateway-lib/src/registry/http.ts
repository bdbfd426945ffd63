import { connect, EraVerdict, linkOverHttp, type Connection, type HttpClient } from '@org/mcp-sdk/connect';
import type { ConnectContext } from './in-process.ts';
import type { Transport } from './transport.ts';
import { withPing } from './with-ping.ts';

/** A server over Streamable HTTP. */
export interface HttpEndpointOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly createClient: () => HttpClient;
}

/** Sends pings past the calls: behind calls that use all connections, a server that is only busy would look dead. */
class TwoLanes implements HttpClient {
  readonly #calls: HttpClient;
  readonly #pings: HttpClient;
  readonly #signals = new WeakSet<AbortSignal>();

  constructor(calls: HttpClient, pings: HttpClient) {
    this.#calls = calls;
    this.#pings = pings;
  }

  readonly request: HttpClient['request'] = (request) =>
    (this.#signals.has(request.signal) ? this.#pings : this.#calls).request(request);

  /** The connection, its pings known by their signal. */
  withPings(connection: Connection): Connection {
    return withPing(connection, {
      ping: (signal) => {
        this.#signals.add(signal);
        return connection.ping(signal);
      },
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.#calls.close(), this.#pings.close()]);
  }
}

/** A server over Streamable HTTP as an endpoint. */
export function overHttp({ url, headers, createClient }: HttpEndpointOptions, context: ConnectContext): Transport {
  const verdict = new EraVerdict(context.clock);
  return {
    kind: 'http',
    // The path may hold a credential.
    label: url.origin,
    supervised: false,
    async open(signal) {
      const client = new TwoLanes(createClient(), createClient());
      try {
        const link = linkOverHttp(client, url, headers);
        return client.withPings(await connect(link, { ...context, signal, verdict }));
      } catch (thrown) {
        await client.close();
        throw thrown;
      }
    },
  };
}
