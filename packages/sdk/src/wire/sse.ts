import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { McpError } from '../core/errors.ts';
import type { WireJson } from './encode.ts';

/** A comment: keeps a quiet stream from being cut by intermediaries. */
export const SSE_KEEP_ALIVE = ':\n\n';

/** Headers of an event stream. */
export const SSE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  // Without it nginx holds events back until its buffer is full.
  'x-accel-buffering': 'no',
};

const decoder = new TextDecoder();

/**
 * Writes a message as an event. JSON text holds no raw newline unless its sender put one between tokens.
 * @param id - names the place after it, for `Last-Event-ID`
 */
export function encodeEvent(json: WireJson, id?: string): string {
  const text = typeof json === 'string' ? json : decoder.decode(json);
  const data = text.includes('\n') || text.includes('\r') ? text.replaceAll(/[\r\n]+/g, ' ') : text;
  return `${id === undefined ? '' : `id: ${id}\n`}event: message\ndata: ${data}\n\n`;
}

/**
 * An event without a message: tells a client where a stream starts, and how long to wait before it comes back.
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#sending-messages-to-the-server
 */
export const encodePriming = (id: string, retryMs: number): string => `id: ${id}\nretry: ${retryMs}\ndata: \n\n`;

/** Where a stream was left: what a client comes back with when it breaks. */
export interface StreamCursor {
  lastEventId?: string;
  /** How long to wait before coming back, as the server says. Unit: ms. */
  retryMs?: number;
}

/** What is read of an event; one without a name is a `message`. */
export type SseEvent = Pick<EventSourceMessage, 'event' | 'data'>;

/**
 * Reads the events; those without data (priming, keep-alive) are skipped.
 *
 * @param maxBytes - how long one event may be
 * @param cursor - kept up to date with what was read
 * @throws McpError `unavailable` when an event is longer: the server's fault
 */
export async function* decodeEvents(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
  cursor: StreamCursor = {},
): AsyncGenerator<SseEvent> {
  const ready: SseEvent[] = [];
  let open = 0;
  const parser = createParser({
    onEvent: (event) => {
      open = 0;
      if (event.id !== undefined) cursor.lastEventId = event.id;
      if (event.data !== '') ready.push(event);
    },
    onRetry: (retryMs) => {
      cursor.retryMs = retryMs;
    },
  });
  const utf8 = new TextDecoder();
  for await (const chunk of chunks) {
    open += chunk.length;
    parser.feed(utf8.decode(chunk, { stream: true }));
    if (open > maxBytes) throw new McpError('unavailable', `An event is longer than ${maxBytes} bytes.`);
    yield* ready.splice(0);
  }
}
