import { describe, expect, it } from 'vitest';
import * as web from './web.ts';

describe('on a runtime without Node', () => {
  it.each([
    ['openChild', 'An upstream with "command" needs Node.'],
    ['openWebSocket', 'An upstream with a ws: or wss: URL needs Node.'],
    ['sampleCpu', 'A profile needs Node.'],
    ['sampleHeap', 'A profile needs Node.'],
    ['serveStdio', 'serveStdio() needs Node.'],
    ['toNode', 'handle() needs Node.'],
  ] as const)('%s says what it needs', (name, message) => {
    expect(web[name]).toThrow(message);
  });

  it('a WebSocket is not taken, and there is nothing to close', async () => {
    const { upgrade, close } = web.serveWebSocket();
    expect(upgrade).toThrow('upgrade() needs Node.');
    await close();
  });

  it('a config is its content', async () => {
    await expect(web.readConfig('mcp.json')).rejects.toMatchObject({ code: 'invalid_options' });
    expect(await web.readConfig({ mcpServers: {} })).toEqual({ value: { mcpServers: {} }, source: 'config', env: {} });
  });

  it('HTTP is spoken with fetch', async () => {
    const client = web.createHttpClient(new URL('http://x/'), { fetch: () => Promise.resolve(new Response('ok')) });
    const response = await client.request({ method: 'GET', headers: {}, signal: new AbortController().signal });
    expect(response.status).toBe(200);
    await client.close();
  });
});
