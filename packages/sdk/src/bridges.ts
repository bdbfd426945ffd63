export { toMcpServer } from './server/bridge-to-official.ts';
export { fromMcpServer, fromV1, type BridgedServer } from './server/bridges.ts';
