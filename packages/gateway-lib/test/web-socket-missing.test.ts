import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, vi } from 'vitest';
import { Gateway } from '../src/index.ts';

vi.mock('ws', () => {
  throw new Error("Cannot find package 'ws'");
});

it('without the package "ws", a WebSocket upstream and a WebSocket caller are told to install it', async () => {
  const gateway = new Gateway({ upstreams: { up: { url: 'ws://127.0.0.1:1/mcp' } } });
  const [status] = await gateway.start();
  expect(status?.endpoints).toMatchObject([
    { state: 'stopped', reason: 'WebSocket needs the package "ws": npm install ws.' },
  ]);
  const host = createServer().on('upgrade', (req, socket, head) => void gateway.upgrade(req, socket, head));
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  const { request } = await import('node:http');
  const { statusCode, body } = await new Promise<{ statusCode: number | undefined; body: string }>((resolve) => {
    request({
      port: (host.address() as AddressInfo).port,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-protocol': 'mcp',
      },
    })
      .on('response', (response) => {
        let read = '';
        response.on('data', (data) => (read += String(data)));
        response.on('end', () => {
          resolve({ statusCode: response.statusCode, body: read });
        });
      })
      .end();
  });
  expect([statusCode, body]).toEqual([500, expect.stringContaining('npm install ws')]);
  host.close();
  await gateway.close();
});
