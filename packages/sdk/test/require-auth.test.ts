import { describe, expect, test } from 'vitest';
import { requireAuth } from '../src/auth.ts';
import { createCall, MCPServerBuilder, McpError, type Principal } from '../src/index.ts';

const resourceMetadata = 'https://example.com/.well-known/oauth-protected-resource';
const principals: Record<string, Principal> = {
  'Bearer reader': { subject: 'ada', scopes: new Set(['read']) },
  'Bearer writer': { subject: 'bob', scopes: new Set(['read', 'write']) },
};

const server = new MCPServerBuilder({
  name: 'guarded',
  version: '1.0.0',
  authenticate: (header) => principals[header('authorization') ?? ''] ?? null,
})
  .use(requireAuth({ scopes: ['read', 'write'], resourceMetadata }) as never)
  .addTool({ name: 'whoami', handler: (_params, { principal }) => principal?.subject ?? 'nobody' })
  .build();

const headers = (authorization?: string): Record<string, string> => ({
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  host: 'localhost',
  ...(authorization === undefined ? {} : { authorization }),
});

const modern = (authorization?: string): Promise<Response> => {
  const { params } = createCall('tools/call', { name: 'whoami' });
  return server.fetch(
    new Request('http://localhost/mcp', {
      method: 'POST',
      headers: {
        ...headers(authorization),
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'whoami',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: params.value }),
    }),
  );
};

const legacy = (authorization?: string): Promise<Response> =>
  server.fetch(
    new Request('http://localhost/mcp', {
      method: 'POST',
      headers: headers(authorization),
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'initialize',
        params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'tester', version: '1' } },
      }),
    }),
  );

describe.each([
  ['modern', modern],
  ['legacy', legacy],
])('over HTTP, %s', (_, send) => {
  test('who shows no token is told where to get one', async () => {
    const response = await send();
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer scope="read write", resource_metadata="${resourceMetadata}"`,
    );
    expect(await response.json()).toMatchObject({ id: 1, error: { code: -32600 } });
  });

  test('who lacks a scope is told which', async () => {
    const response = await send('Bearer reader');
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer error="insufficient_scope", scope="read write", resource_metadata="${resourceMetadata}"`,
    );
    expect(await response.json()).toMatchObject({ error: { message: 'The access token lacks the scope write.' } });
  });

  test('who may passes', async () => {
    expect((await send('Bearer writer')).status).toBe(200);
  });
});

test('a refusal at the edge carries its challenge, or the plain one', async () => {
  const refusing = (challenge?: string): Promise<Response> =>
    new MCPServerBuilder({
      name: 'guarded',
      version: '1.0.0',
      authenticate() {
        throw new McpError('unauthenticated', 'No.', challenge === undefined ? {} : { challenge });
      },
    })
      .build()
      .fetch(new Request('http://localhost/mcp', { method: 'POST', headers: headers() }));
  expect((await refusing()).headers.get('www-authenticate')).toBe('Bearer');
  const response = await refusing('Bearer realm="x"');
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toBe('Bearer realm="x"');
});

test('options that no header can hold are refused at once', () => {
  expect(() => requireAuth({ scopes: ['a b'] })).toThrow('scopes holds "a b"');
  expect(() => requireAuth({ resourceMetadata: '/relative' })).toThrow('absolute http(s) URL');
  expect(() => requireAuth({ resourceMetadata: 'https://x/"' })).toThrow('absolute http(s) URL');
});
