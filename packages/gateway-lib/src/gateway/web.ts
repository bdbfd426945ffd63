import { McpError, type JsonObject, type SocketServer } from '@org/mcp-sdk';
import { createFetchClient, type FetchLike, type HttpClient } from '@org/mcp-sdk/connect';

const needsNode = (what: string) => (): never => {
  throw new McpError('invalid_options', `${what} needs Node.`);
};

/** Stands in for the Node function of the same name on other runtimes. @throws McpError `invalid_options` */
export const openChild = needsNode('An upstream with "command"');
/** Stands in for the Node function of the same name on other runtimes. @throws McpError `invalid_options` */
export const openWebSocket = needsNode('An upstream with a ws: or wss: URL');
/** Stands in for the Node function of the same name on other runtimes. @throws McpError `invalid_options` */
export const sampleCpu = needsNode('A profile');
/** Stands in for the Node function of the same name on other runtimes. @throws McpError `invalid_options` */
export const sampleHeap = needsNode('A profile');
/** Stands in for the Node function of the same name on other runtimes. @throws McpError `invalid_options` */
export const serveStdio = needsNode('serveStdio()');
/** Stands in for the Node function of the same name on other runtimes. @throws McpError `invalid_options` */
export const toNode = needsNode('handle()');
/** Stands in for the Node function of the same name on other runtimes: `upgrade` throws `invalid_options`. */
export const serveWebSocket = (): SocketServer => ({
  upgrade: needsNode('upgrade()'),
  close: () => Promise.resolve(),
});

/** Makes the HTTP client of an endpoint: `fetch`. */
export const createHttpClient = (url: URL, options: { fetch?: FetchLike }): HttpClient =>
  createFetchClient(url, options.fetch);

/** Takes the content of a config. @throws McpError `invalid_options` for a path: there are no files here */
export async function readConfig(
  config: string | JsonObject,
): Promise<{ value: unknown; source: string; env: Record<string, string> }> {
  if (typeof config === 'string')
    throw new McpError('invalid_options', 'A path needs Node; give the content of the config.');
  return Promise.resolve({ value: config, source: 'config', env: {} });
}
