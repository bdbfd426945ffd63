import assert from 'node:assert/strict';
// #region server
import { MCPServerBuilder } from '@org/mcp-sdk';
import { z } from 'zod';

const forecasts = new Map([['Lisbon', { summary: 'sunny', celsius: 24 }]]);

const server = new MCPServerBuilder({ name: 'weather', version: '1.0.0', instructions: 'Ask for one city at a time.' })
  .addTool({
    name: 'forecast',
    description: 'Tells the weather of a city',
    parameters: z.object({ city: z.string().describe('e.g. "Lisbon"') }),
    output: z.object({ summary: z.string(), celsius: z.number() }),
    handler: ({ city }) => {
      const forecast = forecasts.get(city);
      if (!forecast) throw new Error(`There is no forecast for ${city}.`);
      return forecast;
    },
  })
  .addResource({ uri: 'weather://cities', name: 'cities', handler: () => [...forecasts.keys()].join('\n') })
  .addPrompt({
    name: 'pack',
    description: 'What to pack for a trip',
    parameters: z.object({ city: z.string() }),
    complete: { city: (typed) => [...forecasts.keys()].filter((city) => city.startsWith(typed)) },
    handler: ({ city }) => `What should I pack for ${city}? Look at the forecast first.`,
  })
  .build();
// #endregion

// #region listen
const { url } = await server.listen({ port: 0 });
console.log(`listening on ${url}`);
// #endregion

// #region change
server.tools.add({ name: 'cities', description: 'Counts the cities', handler: () => forecasts.size });
server.tools.get('cities')?.update({ description: 'How many cities are known' });
server.tools.get('cities')?.disable();
// #endregion

const { MCPClientBuilder } = await import('@org/mcp-sdk');
const client = await new MCPClientBuilder({ name: 'reader', version: '1.0.0' }).http(url).build();
const { structuredContent } = await client.tools.call('forecast', { city: 'Lisbon' });
assert.deepEqual(structuredContent, { summary: 'sunny', celsius: 24 });
const wrong = await client.tools.call('forecast', { city: 7 });
assert.equal(wrong.isError, true);

await client.close();
// #region close
await server.close();
// #endregion
