import type { UpstreamOptions } from '@org/mcp-gateway';
import { buildGreeter } from './greeter.ts';

/** One server in this process; what matters here is the framework around the gateway. */
export const upstreams: Record<string, UpstreamOptions> = { greeter: { server: buildGreeter() } };

/** A listening example. */
export interface Running {
  readonly url: string;
  close(): Promise<void>;
}
