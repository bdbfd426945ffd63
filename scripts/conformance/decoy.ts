// A server that offers what backend.ts offers, by the same names and URIs, and fails each call: whoever asks it for
// something was sent to the wrong server.
import {
  createCall,
  LIST_MEMBERS,
  type JsonObject,
  type ListMethod,
  McpError,
  MCPServerBuilder,
  type MCPServer,
} from '@org/mcp-sdk';
import { backend } from './backend.ts';
import { documented } from './documented.ts';

const wrong = (): never => {
  throw new McpError('forbidden', 'the decoy was called');
};

/** Makes it. */
export async function createDecoy(): Promise<MCPServer> {
  const builder = new MCPServerBuilder({ name: 'decoy', version: '1.0.0' });
  for (const { name, inputSchema } of await listed('tools/list'))
    builder.addTool({ name: String(name), parameters: documented(inputSchema as JsonObject), handler: wrong });
  for (const { name } of await listed('prompts/list')) builder.addPrompt({ name: String(name), handler: wrong });
  for (const { name, uri } of await listed('resources/list'))
    builder.addResource({ name: String(name), uri: String(uri), handler: wrong });
  for (const { name, uriTemplate } of await listed('resources/templates/list'))
    builder.addResource({ name: String(name), uriTemplate: String(uriTemplate), handler: wrong });
  return builder.build();
}

async function listed(method: ListMethod): Promise<JsonObject[]> {
  const result = await (await backend.handler(createCall(method))).result();
  return result[LIST_MEMBERS[method]] as JsonObject[];
}
