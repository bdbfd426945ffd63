import { McpServer as V2Server, ResourceTemplate as V2Template } from '@modelcontextprotocol/server';
import { completable } from '@modelcontextprotocol/sdk/server/completable.js';
import { McpServer as V1Server, ResourceTemplate as V1Template } from '@modelcontextprotocol/sdk/server/mcp.js';
import { MCPServerBuilder, type MCPServer } from '@org/mcp-sdk';
import { z } from 'zod';
import { Gateway, type GatewayOptions } from '../../src/index.ts';
import { EVERYTHING, filesystem } from './children.ts';

/** A server of our own builder. */
export const localServer = (): MCPServer =>
  new MCPServerBuilder({ name: 'local', version: '1.0.0', instructions: 'Local rules.' })
    .addTool({ name: 'add', parameters: z.object({ a: z.number(), b: z.number() }), handler: ({ a, b }) => a + b })
    .addTool({
      name: 'count',
      handler: (_, context) => {
        for (let step = 1; step <= 5; step++) context.progress(step, 5);
        return 'counted';
      },
    })
    .addPrompt({ name: 'greet', handler: () => 'Say hello.' })
    .addResource({ uri: 'local://readme', name: 'readme', handler: () => 'Read me.' })
    .build();

/** An official v1 server object. */
export function v1Server(): V1Server {
  const server = new V1Server({ name: 'v1', version: '1.0.0' });
  server.registerTool('echo', { inputSchema: { text: z.string() } }, ({ text }) => ({
    content: [{ type: 'text', text: `v1 ${text}` }],
  }));
  server.registerPrompt(
    'pick',
    {
      argsSchema: {
        fruit: completable(z.string(), (value) => ['apple', 'apricot', 'pear'].filter((one) => one.startsWith(value))),
      },
    },
    ({ fruit }) => ({ messages: [{ role: 'user', content: { type: 'text', text: fruit } }] }),
  );
  server.registerResource('item', new V1Template('v1://items/{id}', { list: undefined }), {}, (uri, { id }) => ({
    contents: [{ uri: uri.href, text: `item ${String(id)}` }],
  }));
  return server;
}

/** An official v2 server object. */
export function v2Server(): V2Server {
  const server = new V2Server({ name: 'v2', version: '2.0.0' });
  server.registerTool('echo', { inputSchema: z.object({ text: z.string() }) }, ({ text }) => ({
    content: [{ type: 'text', text: `v2 ${text}` }],
  }));
  server.registerResource('note', new V2Template('v2://notes/{id}', { list: undefined }), {}, (uri, { id }) => ({
    contents: [{ uri: uri.href, text: `note ${String(id)}` }],
  }));
  return server;
}

/** A gateway with an upstream of each kind. @param url - of a replica @param folder - for the file server */
export const demoGateway = (url: string, folder: string, options: Partial<GatewayOptions> = {}): Gateway =>
  new Gateway({
    ...options,
    upstreams: {
      local: { server: localServer() },
      v1: { server: v1Server() },
      v2: { server: v2Server() },
      web: { url },
      every: EVERYTHING,
      files: filesystem(folder),
    },
  });
