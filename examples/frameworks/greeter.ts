import { MCPServerBuilder, type MCPServer } from '@org/mcp-sdk';
import { z } from 'zod';

/** One tiny server; what matters here is the framework around it. */
export const buildGreeter = (): MCPServer =>
  new MCPServerBuilder({ name: 'greeter', version: '1.0.0' })
    .addTool({
      name: 'greet',
      description: 'Greets somebody',
      parameters: z.object({ name: z.string() }),
      handler: ({ name }) => `Hello, ${name}!`,
    })
    .build();
