import { MCPServerBuilder } from '@org/mcp-sdk';
import { z } from 'zod';

/**
 * One replica of the weather server, in a process of its own: listens on a free port and tells its parent where.
 * Argument: which replica it is.
 */
const replica = process.argv[2] ?? '1';
const FORECASTS = { Lima: 'mist, 18 °C', Lisbon: 'sunny, 24 °C', Oslo: 'snow, -3 °C' } as const;

const weather = new MCPServerBuilder({ name: 'weather', version: '1.0.0' })
  .addTool({
    name: 'forecast',
    description: 'Tells the weather of tomorrow (made up)',
    parameters: z.object({ city: z.enum(['Lima', 'Lisbon', 'Oslo']) }),
    handler: ({ city }) => `${city}: ${FORECASTS[city]} (replica ${replica})`,
  })
  .build();

// The parent is gone, also if it was killed: nobody else would end this process.
process.once('disconnect', () => process.exit());
// Ctrl-C goes to the whole process group, but the gateway still has calls to drain.
process.on('SIGINT', () => undefined);

const { url } = await weather.listen({ port: 0 });
process.send?.({ url });
