import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client as V2Client, StreamableHTTPClientTransport as V2Http } from '@modelcontextprotocol/client';
import { StdioClientTransport as V2Stdio } from '@modelcontextprotocol/client/stdio';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as V1Stdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as V1Http } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Gateway } from '../../src/index.ts';

const INFO = { name: 'tester', version: '0.0.1' };

/** A client of either SDK, as far as both are the same. */
export type AnyClient = V2Client;

/** The official clients, each way they can be configured. */
export const MODES = {
  'v2 auto': () => new V2Client(INFO, { versionNegotiation: { mode: 'auto' } }),
  'v2 pinned': () => new V2Client(INFO, { versionNegotiation: { mode: { pin: '2026-07-28' } } }),
  'v2 legacy': () => new V2Client(INFO, { versionNegotiation: { mode: 'legacy' } }),
  v1: () => new V1Client(INFO) as unknown as AnyClient,
} as const;

/** One of {@link MODES}. */
export type Mode = keyof typeof MODES;

/** The modes whose caller speaks the modern era. */
export const isModern = (mode: Mode): boolean => mode === 'v2 auto' || mode === 'v2 pinned';

/** How a gateway is reached. */
export const WAYS = ['HTTP', 'fetch', 'in memory'] as const;

/** Connects a client to a gateway in this process. @param url - of the gateway's listener */
export async function connectTo(
  gateway: Gateway,
  mode: Mode,
  way: { kind: (typeof WAYS)[number]; url: string },
): Promise<AnyClient> {
  const client = MODES[mode]();
  const Http = mode === 'v1' ? V1Http : V2Http;
  const viaFetch = { fetch: (url: string | URL, init?: RequestInit) => gateway.fetch(new Request(url, init)) };
  const transport =
    way.kind === 'in memory'
      ? gateway.connect()
      : new Http(new URL(way.kind === 'HTTP' ? way.url : 'http://localhost/mcp'), way.kind === 'fetch' ? viaFetch : {});
  await client.connect(transport as never);
  return client;
}

/** Connects a client to a program on its standard streams. */
export async function connectToProgram(
  mode: Mode,
  program: { command: string; args: string[]; env?: Record<string, string> },
): Promise<AnyClient> {
  const client = MODES[mode]();
  const parameters = { ...program, env: { PATH: process.env.PATH ?? '', ...program.env }, stderr: 'inherit' as const };
  await client.connect(mode === 'v1' ? new V1Stdio(parameters) : new V2Stdio(parameters));
  return client;
}

/** A gateway behind `node:http` on a free port of the loopback. */
export interface Listening {
  readonly server: Server;
  readonly url: string;
  close(): Promise<void>;
}

/** Makes a gateway listen. */
export async function listen(gateway: Gateway): Promise<Listening> {
  const server = createServer((req, res) => void gateway.handle(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    server,
    url: `http://127.0.0.1:${port}/mcp`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
