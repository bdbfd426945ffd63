export { MISSING_META } from './router/lists.ts';
export type { Missing } from './catalog/catalog.ts';
export type { Naming } from './catalog/names.ts';
export type { Route, RoutedCall } from './core/routed-call.ts';
export type { Endpoint, EndpointState, InFlight, TransportKind, Upstream } from './core/upstream.ts';
export { Gateway } from './gateway/gateway.ts';
export type {
  ChildEndpoint,
  EndpointOptions,
  GatewayOptions,
  HttpEndpoint,
  InProcessEndpoint,
  UpstreamOptions,
  UpstreamSettings,
} from './gateway/options.ts';
export type { EndpointStatus, UpstreamStatus } from './gateway/status.ts';
