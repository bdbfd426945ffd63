export { linkOverChannel } from './connect/channel-link.ts';
export { connect } from './connect/connect.ts';
export type { Connection, ConnectOptions, ServerDescription } from './connect/connection.ts';
export { createFetchClient, type FetchLike } from './connect/fetch-client.ts';
export type { DispatcherLike, HttpClient, HttpClientRequest, HttpClientResponse } from './connect/http-client.ts';
export { linkOverHttp } from './connect/http-link.ts';
export type { Link, ServerRequest, ServerRequestHandler } from './connect/link.ts';
export { channelToOfficial, isOfficialServer, type OfficialServer } from './connect/official.ts';
export { withAuth } from './connect/with-auth.ts';
