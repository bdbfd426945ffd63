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

// #region template
import { McpError } from '@org/mcp-sdk';

const cities = [...forecasts.keys()];
const places = new MCPServerBuilder({ name: 'places', version: '1.0.0', pageSize: 50 })
  .addResource({
    uriTemplate: 'weather://{country}/{city}',
    name: 'forecast of a city',
    mimeType: 'application/json',
    list: () => cities.map((city) => ({ uri: `weather://pt/${encodeURIComponent(city)}`, name: city })),
    complete: {
      country: (typed) => ['pt', 'es'].filter((country) => country.startsWith(typed)),
      city: (typed, { country }) => (country === 'es' ? [] : cities.filter((city) => city.startsWith(typed))),
    },
    handler: (uri, { country, city }, { log }) => {
      log.info(`${city} of ${country} is read`);
      const forecast = forecasts.get(city);
      if (!forecast) throw new McpError('not_found', `There is no ${uri}.`);
      return JSON.stringify(forecast);
    },
  })
  .build();
// #endregion

// #region folder
const loaded = new MCPServerBuilder({ name: 'weather', version: '1.0.0' });
await loaded.addFrom(new URL('../weather/', import.meta.url));
const fromFiles = loaded.build();
// #endregion

// #region listen
const { url } = await server.listen({ port: 0 });
console.log(`listening on ${url}`);
// #endregion

// #region host
import { createServer } from 'node:http';

const httpServer = createServer((req, res) => void server.handle(req, res));
httpServer.on('upgrade', (req, socket, head) => void server.upgrade(req, socket, head));
// #endregion

// #region change
server.tools.add({ name: 'cities', description: 'Counts the cities', handler: () => forecasts.size });
server.tools.get('cities')?.update({ description: 'How many cities are known' });
server.tools.get('cities')?.disable();
// #endregion

const { MCPClientBuilder } = await import('@org/mcp-sdk');
const reader = (): InstanceType<typeof MCPClientBuilder> => new MCPClientBuilder({ name: 'reader', version: '1.0.0' });
const client = await reader().http(url).build();
const { structuredContent } = await client.tools.call('forecast', { city: 'Lisbon' });
assert.deepEqual(structuredContent, { summary: 'sunny', celsius: 24 });
const wrong = await client.tools.call('forecast', { city: 7 });
assert.equal(wrong.isError, true);
await client.close();

const visitor = await reader().inMemory(places).build();
const uris: string[] = [];
for await (const { uri } of visitor.resources.list()) uris.push(uri);
assert.deepEqual(uris, ['weather://pt/Lisbon']);
const { contents } = await visitor.resources.read('weather://pt/Lisbon');
assert.deepEqual(contents, [
  { uri: 'weather://pt/Lisbon', mimeType: 'application/json', text: '{"summary":"sunny","celsius":24}' },
]);
await assert.rejects(visitor.resources.read('weather://pt/Porto'), { message: 'There is no weather://pt/Porto.' });
const ref = { type: 'ref/resource' as const, uri: 'weather://{country}/{city}' };
assert.deepEqual(await visitor.complete({ ref, argument: { name: 'city', value: 'L' } }), ['Lisbon']);
const context = { arguments: { country: 'es' } };
assert.deepEqual(await visitor.complete({ ref, argument: { name: 'city', value: 'L' }, context }), []);
await visitor.close();
await places.close();

const user = await reader().inMemory(fromFiles).build();
assert.deepEqual((await user.tools.call('forecast', { city: 'Porto' })).content, [
  { type: 'text', text: 'It is sunny in Porto.' },
]);
assert.equal((await user.prompts.get('pack', { city: 'Porto' })).messages.length, 1);
assert.equal((await user.resources.read('weather://cities')).contents.length, 1);
await user.close();
await fromFiles.close();

await new Promise<void>((resolve) => httpServer.listen(0, '127.0.0.1', resolve));
const address = httpServer.address();
assert.ok(typeof address === 'object' && address);
for (const builder of [
  reader().webSocket(`ws://127.0.0.1:${address.port}/mcp`),
  reader().http(`http://127.0.0.1:${address.port}/mcp`),
  reader().webSocket(url.replace('http:', 'ws:')),
]) {
  const guest = await builder.build();
  assert.equal((await guest.tools.call('forecast', { city: 'Lisbon' })).isError, undefined);
  await guest.close();
}

httpServer.close();
// #region close
await server.close();
// #endregion
