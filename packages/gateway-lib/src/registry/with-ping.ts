import type { Connection } from '@org/mcp-sdk/connect';

/** A connection that is asked for a sign of life, and closed, in other ways. What it says of itself may change. */
export const withPing = (
  connection: Connection,
  { ping, close = () => connection.close() }: Pick<Connection, 'ping'> & Partial<Pick<Connection, 'close'>>,
): Connection => ({
  handler: connection.handler,
  get era() {
    return connection.era;
  },
  get version() {
    return connection.version;
  },
  get server() {
    return connection.server;
  },
  closed: connection.closed,
  ping,
  close,
});
