import { connect, EraVerdict, linkOverHttp, type HttpClient } from '@org/mcp-sdk/connect';
import type { ConnectContext } from './in-process.ts';
import type { Transport } from './transport.ts';

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

  constructor(calls: HttpClient, pings: HttpClient) {
    this.#calls = calls;
    this.#pings = pings;
  }

  readonly request: HttpClient['request'] = (request) => (request.isPing ? this.#pings : this.#calls).request(request);

  async close(): Promise<void> {
    await Promise.all([this.#calls.close(), this.#pings.close()]);
  }
}

/** The connections to one server, for all sessions with it; they close with the last of these. */
class SharedLanes {
  readonly #create: () => HttpClient;
  #lanes: TwoLanes | undefined;
  #users = 0;

  constructor(create: () => HttpClient) {
    this.#create = create;
  }

  take(): { readonly lanes: TwoLanes; readonly release: () => Promise<void> } {
    const lanes = (this.#lanes ??= new TwoLanes(this.#create(), this.#create()));
    this.#users++;
    let isTaken = true;
    const release = async (): Promise<void> => {
      if (!isTaken) return;
      isTaken = false;
      if (--this.#users > 0) return;
      this.#lanes = undefined;
      await lanes.close();
    };
    return { lanes, release };
  }
}

/** A server over Streamable HTTP as an endpoint. */
export function overHttp({ url, headers, createClient }: HttpEndpointOptions, context: ConnectContext): Transport {
  const verdict = new EraVerdict(context.clock);
  const shared = new SharedLanes(createClient);
  return {
    kind: 'http',
    // The path may hold a credential.
    label: url.origin,
    supervised: false,
    async open(signal, terms) {
      const { lanes, release } = shared.take();
      try {
        const link = linkOverHttp({ request: lanes.request, close: release }, url, headers);
        return await connect(link, { ...context, ...terms, signal, verdict });
      } catch (thrown) {
        await release();
        throw thrown;
      }
    },
  };
}
