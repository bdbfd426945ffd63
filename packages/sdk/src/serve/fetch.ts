import { McpError } from '../core/errors.ts';
import { joinJson } from '../core/payload.ts';
import type { WireJson } from '../wire/encode.ts';
import { errorResponse, type HttpHandler, type HttpRequest, type HttpResponse } from './http-message.ts';

const encoder = new TextEncoder();

/** Makes a web-standard handler of an HTTP one. */
export const toFetch =
  (handle: HttpHandler) =>
  async (request: Request): Promise<Response> => {
    const gone = new AbortController();
    const abort = (): void => {
      gone.abort(new McpError('cancelled', GONE));
    };
    if (request.signal.aborted) abort();
    request.signal.addEventListener('abort', abort, { once: true });
    try {
      return toResponse(await handle(fromRequest(request, gone.signal)), abort);
    } catch (thrown) {
      return toResponse(errorResponse(null, internal(thrown)), abort);
    }
  };

const GONE = 'The caller went away.';

function wentAway(cause: unknown): never {
  throw new McpError('cancelled', GONE, { cause });
}

const internal = (cause: unknown): McpError => new McpError('internal', 'Internal error.', { cause });

const fromRequest = (request: Request, signal: AbortSignal): HttpRequest => ({
  method: request.method,
  get query() {
    return new URL(request.url).search.slice(1);
  },
  // A fetch handler does not know its socket: `hosts` is checked when it is given.
  onLoopback: false,
  signal,
  header: (name) => request.headers.get(name) ?? (name === 'host' ? new URL(request.url).host : undefined),
  headersWith(prefix) {
    const found = [...request.headers].filter(([name]) => name.startsWith(prefix));
    return found.length > 0 ? Object.fromEntries(found) : undefined;
  },
  body: (maxBytes) => readBody(request, maxBytes),
});

async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = new McpError('payload_too_large', `The body is longer than ${maxBytes} bytes.`);
  if (Number(request.headers.get('content-length')) > maxBytes) throw tooLarge;
  if (request.bodyUsed)
    throw new McpError('invalid_request', 'The body has been read already; hand over the request before it is read.');
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = request.body?.getReader();
  const next = () => reader?.read().catch(wentAway);
  for (let read = await next(); read && !read.done; read = await next()) {
    const chunk = read.value as Uint8Array;
    length += chunk.length;
    if (length > maxBytes) {
      await reader?.cancel();
      throw tooLarge;
    }
    parts.push(chunk);
  }
  const body = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    body.set(part, offset);
    offset += part.length;
  }
  return body;
}

// Nothing here makes a SharedArrayBuffer.
const joined = (body: readonly WireJson[]): string | Uint8Array<ArrayBuffer> =>
  joinJson(body) as string | Uint8Array<ArrayBuffer>;

function toResponse(response: HttpResponse, abort: () => void): Response {
  const { status, headers, body, stream } = response;
  // 499 and the like are for the log of a peer that is gone; Response knows 200 to 599 only, which they are in.
  if (!stream) return new Response(body ? joined(body) : null, { status, headers });
  // A message and a keep-alive may wait at the same time.
  let waiting: (() => void)[] = [];
  const wake = (): void => {
    const woken = waiting;
    waiting = [];
    for (const resolve of woken) resolve();
  };
  let open = true;
  const readable = new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string): Promise<void> | undefined => {
        if (!open) return undefined;
        controller.enqueue(encoder.encode(text));
        return (controller.desiredSize ?? 1) > 0 ? undefined : new Promise((resolve) => waiting.push(resolve));
      };
      stream({ write }).then(
        () => {
          if (open) controller.close();
        },
        (thrown: unknown) => {
          if (open) controller.error(internal(thrown));
        },
      );
    },
    pull() {
      wake();
    },
    cancel() {
      open = false;
      wake();
      abort();
    },
  });
  return new Response(readable, { status, headers });
}
