import { McpError } from '../core/errors.ts';

const needsNode = (what: string) => (): never => {
  throw new McpError('invalid_options', `${what} needs Node; use fetch() on this runtime.`);
};

/** Stands in for the Node function of the same name on other runtimes. @throws McpError `invalid_options` */
export const drain = needsNode('drain()');
/** Stands in for the Node function of the same name on other runtimes. @throws McpError `invalid_options` */
export const listenHttp = needsNode('listen()');
/** Stands in for the Node function of the same name on other runtimes. @throws McpError `invalid_options` */
export const loadDefinitions = needsNode('addFrom()');
/** Stands in for the Node function of the same name on other runtimes. @throws McpError `invalid_options` */
export const serveStdio = needsNode('serveStdio()');
/** Stands in for the Node function of the same name on other runtimes. @throws McpError `invalid_options` */
export const toNode = needsNode('handle()');
/** Stands in for the Node function of the same name on other runtimes. @throws McpError `invalid_options` */
export const startChild = needsNode('stdio()');
/** Stands in for the Node function of the same name on other runtimes. @throws McpError `invalid_options` */
export const serveWebSocket = needsNode('upgrade()');
/** Stands in for the Node function of the same name on other runtimes. @throws McpError `invalid_options` */
export const openWebSocket = needsNode('webSocket()');
