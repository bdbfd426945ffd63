export { MISSING_META } from './router/lists.ts';
export type { UriConflicts } from './catalog/catalog-view.ts';
export type { Missing } from './catalog/freshness.ts';
export type { NamedTarget, NameRecord, Naming } from './catalog/names.ts';
export type { Description, EntryOverrides, NamedOverrides } from './catalog/overrides.ts';
export type { Selection } from './catalog/selection.ts';
export type { Route, RoutedCall } from './core/routed-call.ts';
export type { Endpoint, EndpointState, InFlight, Permit, TransportKind, Upstream } from './core/upstream.ts';
export type { CatalogSettings, OfferOptions } from './gateway/catalog-options.ts';
export { Gateway } from './gateway/gateway.ts';
export type {
  ChildEndpoint,
  EndpointOptions,
  GatewayOptions,
  HttpEndpoint,
  InProcessEndpoint,
  UpstreamOptions,
  UpstreamSettings,
  WebSocketEndpoint,
} from './gateway/options.ts';
export type { Isolation } from './registry/isolation.ts';
export type { EndpointStatus, UpstreamStatus } from './gateway/status.ts';
export type { ViewOptions } from './gateway/view-options.ts';
export type { GatewayView } from './gateway/view.ts';
