import assert from 'node:assert/strict';
// #region server
import { MCPServerBuilder } from '@org/mcp-sdk';
import { z } from 'zod';

const charged: string[] = [];

const server = new MCPServerBuilder({ name: 'travel', version: '1.0.0' })
  .addTool({
    name: 'book',
    handler: async (_params, { ask, once }) => {
      const trip = await ask(z.object({ city: z.string(), nights: z.number().int() }), 'Where to, and for how long?');
      if (trip.action !== 'accept') return 'Nothing was booked.';
      const { city, nights } = trip.content;
      const sure = await ask(z.object({ sure: z.boolean() }), `${nights} nights in ${city}: book it?`);
      if (sure.action !== 'accept' || !sure.content.sure) return 'Nothing was booked.';
      await once('charge', () => charged.push(city));
      return `Booked ${nights} nights in ${city}.`;
    },
  })
  .build();
// #endregion

// #region client
import { MCPClientBuilder } from '@org/mcp-sdk';

const client = await new MCPClientBuilder({ name: 'desk', version: '1.0.0' })
  .inMemory(server)
  .onElicit(({ message }) => {
    console.log(message);
    return { action: 'accept', content: message.startsWith('Where') ? { city: 'Porto', nights: 2 } : { sure: true } };
  })
  .build();
const { content } = await client.tools.call('book');
// #endregion
assert.deepEqual(content, [{ type: 'text', text: 'Booked 2 nights in Porto.' }]);
assert.deepEqual(charged, ['Porto']);
await client.close();

// What the guide says of a forgotten await.
let runs = 0;
const forgetful = new MCPServerBuilder({ name: 'forgetful', version: '1.0.0' })
  .addTool({
    name: 'book',
    handler(_params, { ask }) {
      void ask(z.object({ city: z.string() }), 'Where to?');
      runs++;
      return 'Booked.';
    },
  })
  .build();
const patient = await new MCPClientBuilder({ name: 'desk', version: '1.0.0' })
  .inMemory(forgetful)
  .onElicit(() => ({ action: 'decline' }))
  .build();
assert.deepEqual((await patient.tools.call('book')).content, [{ type: 'text', text: 'Booked.' }]);
assert.equal(runs, 2);
await patient.close();
await forgetful.close();

await server.close();
