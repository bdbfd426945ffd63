import { createServer, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { report } from '../measure/child.ts';
import { EVENT_BYTES, FIRST } from './callers.ts';

/**
 * An upstream of either era with little in it but a long stream: `flood` tells of its progress in events of 64 KiB, as
 * fast as it is read, and `echo` answers at once. The first event of a flood comes alone: the second one waits for a call
 * of `go`. Arguments: unused, the era, the length of a flood in events.
 */
const isLegacy = process.argv[3] === 'legacy';
const events = Number(process.argv[4]);
const text = 'x'.repeat(EVENT_BYTES - 200);
const TOOLS = ['flood', 'echo', 'go'].map((name) => ({ name, inputSchema: { type: 'object' } }));
const INFO = { capabilities: { tools: {} }, serverInfo: { name: 'flood', version: '1.0.0' } };
const CACHED = { resultType: 'complete', ttlMs: 600_000, cacheScope: 'public' };

interface Asked {
  readonly id?: number | string;
  readonly method: string;
  readonly params?: { readonly name?: string; readonly _meta?: { readonly progressToken?: number | string } };
}

let go: () => void = () => undefined;

/** The stream of a flood, as fast as it is read. */
async function* flooding({ id, params }: Asked): AsyncGenerator<string> {
  const progressToken = params?._meta?.progressToken;
  const event = (message: object): string => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
  const told = (progress: number, message: string): string =>
    event({ method: 'notifications/progress', params: { progressToken, progress, message } });
  const started = new Promise<void>((resolve) => (go = resolve));
  yield told(1, FIRST);
  await started;
  for (let i = 2; i <= events; i++) yield told(i, text);
  yield event({ id, result: { ...CACHED, content: [] } });
}

async function flood(res: ServerResponse, asked: Asked): Promise<void> {
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  // A reader that goes away ends it.
  await pipeline(flooding(asked), res).catch(() => undefined);
}

/** The result of everything but a flood; undefined for what this era does not have. */
function resultOf({ method, params }: Asked): object | undefined {
  if (method === 'tools/list') return { ...CACHED, tools: TOOLS };
  if (method === 'initialize') return isLegacy ? { protocolVersion: '2025-11-25', ...INFO } : undefined;
  if (method === 'server/discover')
    return isLegacy ? undefined : { ...CACHED, supportedVersions: ['2026-07-28'], ...INFO };
  if (params?.name === 'go') go();
  return method === 'tools/call' || method === 'ping' ? { ...CACHED, content: [] } : undefined;
}

function answer(res: ServerResponse, asked: Asked): void {
  if (asked.params?.name === 'flood') return void flood(res, asked);
  if (asked.id === undefined) return void res.writeHead(202).end();
  const result = resultOf(asked);
  const error = { code: -32601, message: 'Method not found' };
  res.writeHead(result ? 200 : 404, { 'content-type': 'application/json' });
  res.end(JSON.stringify({ jsonrpc: '2.0', id: asked.id, ...(result ? { result } : { error }) }));
}

report(
  createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      if (req.method === 'POST') answer(res, JSON.parse(Buffer.concat(chunks).toString()) as Asked);
      else res.writeHead(405).end();
    });
  }),
);
