import type { Era } from '@org/mcp-sdk';
import type { Catalog } from '../catalog/catalog.ts';
import type { EndpointState, TransportKind, Upstream } from '../core/upstream.ts';

/** What an endpoint is doing, and in which era it is spoken to once that is known. */
export interface EndpointStatus {
  readonly label: string;
  readonly transport: TransportKind;
  readonly state: EndpointState['status'];
  readonly era?: Era;
  /** Why it takes no calls; while it is being reached again, why it did not before. */
  readonly reason?: string;
  /** Calls that it is working on. */
  readonly load: number;
}

/** What an upstream is doing and offers; a number is absent before its list was read. */
export interface UpstreamStatus {
  readonly name: string;
  readonly endpoints: readonly EndpointStatus[];
  readonly tools: number | undefined;
  readonly prompts: number | undefined;
  readonly resources: number | undefined;
}

/** Describes an upstream as it is now. */
export const statusOf = (upstream: Upstream, catalog: Catalog): UpstreamStatus => ({
  name: upstream.name,
  endpoints: upstream.endpoints.map(({ label, kind, state, load }) => ({
    label,
    transport: kind,
    state: state.status,
    load,
    ...(state.status === 'ready' ? { era: state.connection.era } : {}),
    ...('reason' in state ? { reason: state.reason } : {}),
  })),
  tools: catalog.count('tools/list', upstream.name),
  prompts: catalog.count('prompts/list', upstream.name),
  resources: catalog.count('resources/list', upstream.name),
});
