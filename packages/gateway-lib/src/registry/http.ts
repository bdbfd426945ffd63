import { connect, linkOverHttp, type HttpClient } from '@org/mcp-sdk/connect';
import type { Era } from '@org/mcp-sdk';
import type { ConnectContext } from './in-process.ts';
import type { Transport } from './transport.ts';

/** A server over Streamable HTTP. */
export interface HttpEndpointOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly createClient: () => HttpClient;
}

/** A server over Streamable HTTP as an endpoint; the era found first is remembered. */
export function overHttp({ url, headers, createClient }: HttpEndpointOptions, context: ConnectContext): Transport {
  let era: Era | undefined;
  return {
    kind: 'http',
    // The path may hold a credential.
    label: url.origin,
    supervised: false,
    async open(signal) {
      const client = createClient();
      try {
        const link = linkOverHttp(client, url, headers);
        const connection = await connect(link, { ...context, signal, ...(era ? { era } : {}) });
        era = connection.era;
        return connection;
      } catch (thrown) {
        era = undefined;
        await client.close();
        throw thrown;
      }
    },
  };
}
