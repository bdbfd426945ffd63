import { isJsonObject, type JsonObject } from '@org/mcp-sdk';
import type { Fetch } from './messages.ts';
import type { Fake } from './subject.ts';

type Change = (message: JsonObject) => JsonObject | readonly JsonObject[] | undefined;

/** Changes what callers get, message by message; `undefined` leaves one out. */
export const says = (change: Change): Fake => rewrites('toCallers', change);

/** Changes what is heard of upstreams. */
export const hears = (change: Change): Fake => rewrites('toUpstreams', change);

const rewrites = (side: keyof Fake, change: Change): Fake => ({
  [side]: (next: Fetch) => async (request: Request) => {
    const response = await next(request);
    const { status, headers } = response;
    const isStream = headers.get('content-type')?.startsWith('text/event-stream') === true;
    const lines = isStream
      ? rewriter((line) => (line.startsWith('data:') ? eventOf(line, change) : line))
      : rewriter((line) => bodyOf(line, change));
    const body = response.body
      ?.pipeThrough(new TextDecoderStream())
      .pipeThrough(lines)
      .pipeThrough(new TextEncoderStream());
    return new Response(body ?? null, { status, headers: without(headers, 'content-length') });
  },
});

/** Changes results that callers get. */
export const results = (change: (result: JsonObject) => JsonObject): Fake =>
  says((message) => (isJsonObject(message.result) ? { ...message, result: change(message.result) } : message));

/** Changes errors that callers get. */
export const errors = (change: (error: JsonObject) => JsonObject): Fake =>
  says((message) => (isJsonObject(message.error) ? { ...message, error: change(message.error) } : message));

/** Answers with another status. */
export const status = (value: number): Fake => ({
  toCallers: (next) => async (request) => {
    const { body, headers } = await next(request);
    return new Response(value === 202 ? null : body, { status: value, headers });
  },
});

/** Answers with other headers. */
export const answersWith = (changed: Record<string, string | null>): Fake => ({
  toCallers: (next) => async (request) => {
    const { body, headers, status: same } = await next(request);
    return new Response(body, { status: same, headers: withHeaders(headers, changed) });
  },
});

/** Does not look at some headers of callers: they are as they should be. */
export const ignores = (name: string, instead: (message: JsonObject) => string | null): Fake => ({
  toCallers: (next) => async (request) => {
    const body = await request.clone().text();
    const changed = { [name]: instead(body === '' ? {} : (JSON.parse(body) as JsonObject)) };
    return next(new Request(request, { headers: withHeaders(request.headers, changed) }));
  },
});

/** Changes the headers of what is sent to upstreams. */
export const sendsWith = (changed: Record<string, string | null>, onlyFor?: string): Fake => ({
  toUpstreams: (next) => async (request) => {
    const isMeant = onlyFor === undefined || (await request.clone().text()).includes(`"method":"${onlyFor}"`);
    return next(isMeant ? new Request(request, { headers: withHeaders(request.headers, changed) }) : request);
  },
});

/** Changes the messages that are sent to upstreams; `undefined` keeps one back. */
export const sends = (change: (message: JsonObject) => JsonObject | undefined): Fake => ({
  toUpstreams: (next) => async (request) => {
    const text = await request.clone().text();
    if (text === '') return next(request);
    const message = change(JSON.parse(text) as JsonObject);
    if (!message) return new Response(null, { status: 202 });
    return next(new Request(request, { body: JSON.stringify(message) }));
  },
});

/** Changes `_meta` of requests to upstreams. */
export const sendsMeta = (change: (meta: JsonObject) => JsonObject): Fake =>
  sends((message) => {
    const params = isJsonObject(message.params) ? message.params : {};
    return { ...message, params: { ...params, _meta: change(isJsonObject(params._meta) ? params._meta : {}) } };
  });

/** Does not notice that somebody has gone. */
export const clings = (side: keyof Fake): Fake => ({
  [side]: (next: Fetch) => async (request: Request) => {
    const { method, headers, url } = request;
    const body = await request.text();
    return next(new Request(url, { method, headers, ...(body === '' ? {} : { body }) }));
  },
});

const withHeaders = (headers: Headers, changed: Record<string, string | null>): Headers => {
  const all = new Headers(headers);
  for (const [name, value] of Object.entries(changed))
    if (value === null) all.delete(name);
    else all.set(name, value);
  return all;
};

const without = (headers: Headers, name: string): Headers => withHeaders(headers, { [name]: null });

function changed(text: string, change: Change): JsonObject[] {
  const result = change(JSON.parse(text) as JsonObject);
  return result === undefined ? [] : Array.isArray(result) ? [...(result as JsonObject[])] : [result as JsonObject];
}

function eventOf(line: string, change: Change): string {
  const text = line.slice('data:'.length).trim();
  if (!text.startsWith('{')) return line;
  return changed(text, change)
    .map((message) => `data: ${JSON.stringify(message)}\n`)
    .join('\n');
}

const bodyOf = (line: string, change: Change): string =>
  line.startsWith('{')
    ? changed(line, change)
        .map((message) => JSON.stringify(message))
        .join('')
    : line;

/** Rewrites text line by line. */
function rewriter(change: (line: string) => string): TransformStream<string, string> {
  let rest = '';
  return new TransformStream({
    transform(chunk, controller) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) controller.enqueue(`${change(line)}\n`);
    },
    flush(controller) {
      if (rest !== '') controller.enqueue(change(rest));
    },
  });
}
