import { MCPServerBuilder, systemClock, type MCPServer } from '@org/mcp-sdk';
import { z } from 'zod';
import { evaluate } from './expression.ts';
import { createRateLimit, requireScope } from './middleware.ts';

/** Makes the calculator: a server in this process, with a tool and two middlewares around every call. */
export function createCalc(): MCPServer {
  const authMiddleware = requireScope('calc:use');
  const rateLimitMiddleware = createRateLimit({ burst: 20, perSecond: 10, clock: systemClock });

  return new MCPServerBuilder({ name: 'my-server', version: '1.0.0' })
    .addTool({
      name: 'calculate',
      description: 'Perform calculations',
      parameters: z.object({ expression: z.string() }),
      handler: async (params) => evaluate(params.expression),
    })
    .use(authMiddleware)
    .use(rateLimitMiddleware)
    .build();
}
