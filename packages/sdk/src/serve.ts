export { serveChannel, type ChannelOptions, type ChannelServer } from './serve/channel.ts';
export { Drain } from './serve/drain.ts';
export { resolveEdge, type Edge, type EdgeLimits, type EdgeOptions, type EdgeRequest } from './serve/edge.ts';
export { toFetch } from './serve/fetch.ts';
export type { HttpHandler, HttpRequest, HttpResponse, StreamSink } from './serve/http-message.ts';
export { serveHttp, type HttpServer } from './serve/http.ts';
export { createInMemoryTransport, type InMemoryOptions, type InMemoryTransport } from './serve/in-memory.ts';
