import type { UpstreamOptions } from '@org/mcp-gateway';
import { MCPServerBuilder } from '@org/mcp-sdk';
import { z } from 'zod';

const greeter = new MCPServerBuilder({ name: 'greeter', version: '1.0.0' })
  .addTool({
    name: 'greet',
    description: 'Greets somebody',
    parameters: z.object({ name: z.string() }),
    handler: ({ name }) => `Hello, ${name}!`,
  })
  .build();

/** One tiny server in this process; what matters here is the framework around the gateway. */
export const upstreams: Record<string, UpstreamOptions> = { greeter: { server: greeter } };

/** A listening example. */
export interface Running {
  readonly url: string;
  close(): Promise<void>;
}
