import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Mounts a fetch handler on `node:http` in the steps of `toNodeHandler` of `@modelcontextprotocol/node` 2.1, which the
 * documentation of the official SDK v2 tells to use.
 */
export const toNodeHandler =
  (fetch: (request: Request) => Promise<Response>) =>
  (req: IncomingMessage, res: ServerResponse): void =>
    void answer(fetch, req, res);

async function answer(
  fetch: (request: Request) => Promise<Response>,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  let finished = false;
  const gone = new AbortController();
  res.on('close', () => {
    if (!finished) gone.abort();
  });
  const response = await fetch(await toWebRequest(req, gone.signal));
  res.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body)
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      if (gone.signal.aborted) break;
      res.write(chunk);
    }
  finished = true;
  res.end();
}

async function toWebRequest(req: IncomingMessage, signal: AbortSignal): Promise<Request> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(req.headers)) headers.set(name, String(value));
  const decoder = new TextDecoder();
  let body = '';
  for await (const chunk of req) body += decoder.decode(chunk as Uint8Array, { stream: true });
  body += decoder.decode();
  const { method = 'GET', url = '/' } = req;
  return new Request(`http://${req.headers.host ?? 'localhost'}${url}`, {
    ...{ method, headers, signal },
    ...(body === '' ? {} : { body }),
  });
}
