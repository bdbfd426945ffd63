import type { Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import type { Channel, ChannelEvents } from '../wire/channel.ts';
import type { WireJson } from '../wire/encode.ts';
import { decodeEvents, type SseEvent } from '../wire/sse.ts';
import { linkOverChannel } from './channel-link.ts';
import { MAX_RESPONSE_BYTES } from './http-client.ts';
import { statusError, type HttpLink, type HttpSource } from './http-link.ts';
import type { Link } from './link.ts';

const encoder = new TextEncoder();

/** How long a server may take to name its endpoint. Unit: ms. It is the first thing that it says. */
const ENDPOINT_MS = 10_000;

/**
 * Reaches the server of `link` over HTTP+SSE, the transport of 2024-11-05: messages are posted to an endpoint that the
 * server names, and come on one event stream. All calls share it like a pipe.
 *
 * @returns what takes the place of `link`
 * @throws McpError `unavailable` if the server cannot be reached, refuses (`data.httpStatus`), or names no right endpoint
 * @see https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse
 */
export async function linkOverSse(
  link: HttpLink,
  { signal, clock }: { signal: AbortSignal; clock: Clock },
): Promise<Link> {
  const { source } = link;
  const gone = new AbortController();
  const abort = (): void => {
    gone.abort(signal.reason);
  };
  const late = clock.after(ENDPOINT_MS, () => {
    gone.abort(new McpError('timeout', `${link.label} named no endpoint within ${ENDPOINT_MS} ms.`));
  });
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) abort();
    const events = await openStream(source, gone);
    const endpoint = await endpointOf(events, source.url);
    const over = linkOverChannel(new SseChannel({ source, endpoint, events, gone }), link.label);
    over.subscribe(link.tell);
    return over;
  } catch (thrown) {
    gone.abort(thrown);
    throw thrown;
  } finally {
    late();
    signal.removeEventListener('abort', abort);
  }
}

async function openStream(
  { client, url, headers }: HttpSource,
  { signal }: AbortController,
): Promise<AsyncGenerator<SseEvent>> {
  const accept = { ...headers, accept: 'text/event-stream' };
  const response = await client.request({ method: 'GET', headers: accept, signal, isLasting: true });
  const { status, body } = response;
  signal.addEventListener('abort', () => {
    response.cancel();
  });
  if (!(body instanceof Uint8Array)) return decodeEvents(body, MAX_RESPONSE_BYTES);
  // A page is nothing that was asked for.
  throw statusError(url.origin, { status: status < 300 ? 406 : status });
}

/** Where messages go. @throws McpError `unavailable` if that is elsewhere: the credentials of this server would go there */
async function endpointOf(events: AsyncGenerator<SseEvent>, url: URL): Promise<URL> {
  for (let next = await events.next(); !next.done; next = await events.next()) {
    const { event, data } = next.value;
    if (event !== 'endpoint') continue;
    const endpoint = URL.canParse(data, url.href) ? new URL(data, url) : undefined;
    if (endpoint?.origin !== url.origin || endpoint.username !== '' || endpoint.password !== '')
      throw new McpError('unavailable', `${url.origin} named an endpoint for messages that is not of its origin.`);
    return endpoint;
  }
  throw new McpError('unavailable', `${url.origin} named no endpoint for messages.`);
}

interface OpenStream {
  readonly source: HttpSource;
  /** Where messages are posted. */
  readonly endpoint: URL;
  /** What follows the event that named it. */
  readonly events: AsyncGenerator<SseEvent>;
  /** Ends the stream, and what is being posted. */
  readonly gone: AbortController;
}

class SseChannel implements Channel {
  readonly #stream: OpenStream;
  #to: ChannelEvents | undefined;
  #ending: Promise<void> | undefined;

  constructor(stream: OpenStream) {
    this.#stream = stream;
  }

  open(to: ChannelEvents): void {
    this.#to = to;
    void this.#read(to);
  }

  /** Messages go side by side: some servers answer a post only when they have answered the message. */
  async send(body: WireJson): Promise<void> {
    if (this.#ending) return;
    const { source, endpoint, gone } = this.#stream;
    const headers = { ...source.headers, 'content-type': 'application/json' };
    // Listeners on one signal for all posts would look like a leak.
    const signal = AbortSignal.any([gone.signal]);
    const response = await source.client.request({ method: 'POST', url: endpoint, headers, body, signal });
    // Nothing is said there.
    if (!(response.body instanceof Uint8Array)) response.cancel();
    this.#check(response.status);
  }

  close(): Promise<void> {
    return this.#end('It was closed.');
  }

  #check(status: number): void {
    if (status >= 200 && status < 300) return;
    const error = statusError(this.#stream.source.url.origin, { status });
    // The session is over, whatever the stream does.
    if (status === 404) void this.#end('The server has forgotten the session.');
    throw error;
  }

  async #read(to: ChannelEvents): Promise<void> {
    try {
      for await (const { event = 'message', data } of this.#stream.events)
        if (event === 'message') to.message(encoder.encode(data));
      await this.#end('The server ended the stream.');
    } catch (thrown) {
      await this.#end(thrown);
    }
  }

  #end(reason: unknown): Promise<void> {
    return (this.#ending ??= this.#letGo(reason));
  }

  async #letGo(reason: unknown): Promise<void> {
    this.#stream.gone.abort(new McpError('cancelled', 'The connection was closed.'));
    await this.#stream.source.client.close();
    this.#to?.close(reason);
  }
}
