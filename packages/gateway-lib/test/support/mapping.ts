import { McpServer as V1Server } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  ElicitResultSchema,
  McpError,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
  UrlElicitationRequiredError,
} from '@modelcontextprotocol/sdk/types.js';
import { MCPServerBuilder, MODERN_VERSION, type Call, type Handler, type MCPServer } from '@org/mcp-sdk';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { answer } from './fakes.ts';
import { startHttp } from './http-server.ts';

/** Content that older revisions do not know. */
export const MEDIA = [
  { type: 'text' as const, text: 'text' },
  { type: 'resource_link' as const, uri: 'up://r', name: 'r', description: 'linked' },
  { type: 'audio' as const, data: 'AAAA', mimeType: 'audio/wav' },
];

/** A modern server with what the rows of the mapping table need. */
export const modernServer = (): MCPServer =>
  new MCPServerBuilder({ name: 'modern', version: '1.0.0', instructions: 'Be brief.' })
    .addTool({
      name: 'survey',
      handler: async (_params, { ask, sample, roots }) => {
        const answered = await ask(z.object({ city: z.string() }), 'Where to?');
        const city = answered.action === 'accept' ? answered.content.city : answered.action;
        const messages = [
          { role: 'user' as const, content: { type: 'audio' as const, data: 'AAAA', mimeType: 'audio/wav' } },
        ];
        const { content } = await sample({ messages, maxTokens: 10 });
        const said = !Array.isArray(content) && content.type === 'text' ? content.text : '';
        return `${city}, ${said}, ${(await roots()).map(({ uri }) => uri).join(' ')}`;
      },
    })
    .addTool({
      name: 'page',
      handler: async (_params, { askUrl }) => (await askUrl('https://example.com/pay', 'Pay first.')).action,
    })
    .addTool({
      name: 'rounds',
      handler: async (_params, { ask, progress }) => {
        progress(5);
        await ask(z.object({ city: z.string() }), 'Where to?');
        for (const done of [3, 7]) progress(done);
        return 'done';
      },
    })
    .addTool({ name: 'media', handler: () => ({ content: MEDIA }) })
    .addTool({ name: 'numbers', output: z.array(z.number()), handler: () => [1, 2] })
    .addPrompt({
      name: 'media',
      handler: () => ({ messages: MEDIA.map((content) => ({ role: 'user' as const, content })) }),
    })
    .addResource({ uri: 'up://r', handler: () => 'r' })
    .build();

/** A legacy server, made with the official v1 SDK, and what it was told. */
export interface LegacyServer {
  readonly server: V1Server;
  /** URIs in requests to watch, and `-` before those not to. */
  readonly watched: string[];
  readonly updated: (uri: string) => void;
}

/** Makes a {@link LegacyServer}. */
export function legacyServer(): LegacyServer {
  const server = new V1Server(
    { name: 'legacy', version: '1.0.0' },
    { capabilities: { logging: {}, resources: { subscribe: true } }, instructions: 'Be kind.' },
  );
  const watched: string[] = [];
  server.registerResource('r', 'old://r', {}, (uri) => ({ contents: [{ uri: uri.href, text: 'r' }] }));
  server.registerResource('gone', 'old://gone', {}, (uri) => {
    throw new McpError(-32002, 'Resource not found', { uri: uri.href });
  });
  server.server.setRequestHandler(SubscribeRequestSchema, ({ params }) => (watched.push(params.uri), {}));
  server.server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => (watched.push(`-${params.uri}`), {}));
  server.registerTool('tell', {}, async (extra) => {
    await extra.sendNotification({ method: 'notifications/message', params: { level: 'info', data: 'told' } });
    return { content: [] };
  });
  server.registerTool('survey', {}, async (extra) => {
    const requestedSchema = { type: 'object' as const, properties: { city: { type: 'string' as const } } };
    const params = { message: 'Where to?', requestedSchema };
    const { content } = await extra.sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema);
    return { content: [{ type: 'text', text: String(content?.city) }] };
  });
  let asked = 0;
  server.server.registerCapabilities({ tools: { listChanged: true } });
  server.registerTool('pay', {}, async (extra) => {
    if (asked++ % 2 === 0)
      throw new UrlElicitationRequiredError([
        { mode: 'url', url: 'https://example.com/pay', message: 'Pay first.', elicitationId: 'e1' },
      ]);
    // The SDK would not say so to a client that opens no pages itself.
    await server.server.transport?.send(
      { jsonrpc: '2.0', method: 'notifications/elicitation/complete', params: { elicitationId: 'e1' } },
      { relatedRequestId: extra.requestId },
    );
    await extra.sendNotification({
      method: 'notifications/progress',
      params: { progressToken: extra._meta?.progressToken ?? '', progress: 1 },
    });
    return { content: [{ type: 'text', text: 'paid' }] };
  });
  return {
    server,
    watched,
    updated: (uri) => void server.server.sendResourceUpdated({ uri }),
  };
}

/** Legacy servers behind one URL, one for each session. */
export interface LegacyHttp {
  readonly url: string;
  /** How many sessions were opened. */
  readonly opened: () => number;
  /** Forgets all sessions. */
  readonly forget: () => void;
  close(): Promise<void>;
}

/** Starts {@link LegacyHttp}. */
export async function startLegacyHttp(): Promise<LegacyHttp> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  let opened = 0;
  const create = async (): Promise<StreamableHTTPServerTransport> => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized(id) {
        opened++;
        sessions.set(id, transport);
      },
    });
    await legacyServer().server.connect(transport);
    return transport;
  };
  const { url, close } = await startHttp(
    (req, res) =>
      void (async () => {
        const id = req.headers['mcp-session-id'];
        const known = sessions.get(String(id));
        if (id !== undefined && !known) res.writeHead(404).end();
        else await (known ?? (await create())).handleRequest(req, res);
      })(),
  );
  return {
    url,
    opened: () => opened,
    forget: () => {
      sessions.clear();
    },
    close,
  };
}

/** A modern server that is a function, and shows what it is called with. */
export function seeing(calls: Call[]): Handler {
  return (call) => {
    if (call.method === 'server/discover')
      return Promise.resolve(answer({ supportedVersions: [MODERN_VERSION], capabilities: { tools: {}, logging: {} } }));
    if (call.method === 'tools/list')
      return Promise.resolve(
        answer({ tools: [{ name: 'x', inputSchema: { type: 'object' } }], ttlMs: 0, cacheScope: 'private' }),
      );
    if (call.method !== 'subscriptions/listen') calls.push(call);
    return Promise.resolve(answer({ content: [] }));
  };
}
