import { expect, it } from 'vitest';
import { z } from 'zod';
import { MCPServerBuilder } from '../server/builder.ts';
import { createCall, type Call } from '../core/call.ts';
import type { JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { resultReply } from '../core/reply.ts';
import { MCPClientBuilder } from './builder.ts';
import { mirrorParams } from './mirrored-params.ts';

const annotated = (name: unknown): JsonObject => ({
  type: 'object',
  properties: { region: { type: 'string', 'x-mcp-header': name } },
});

it.each([true, false])(
  'a server over HTTP gets the headers it wants, with the tool listed before: %s',
  async (listed) => {
    const server = new MCPServerBuilder({ name: 's', version: '1' })
      .addTool({
        name: 'query',
        parameters: z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }) }),
        handler: ({ region }) => `in ${region}`,
      })
      .build();
    const { url } = await server.listen();
    const client = await new MCPClientBuilder({ name: 'c', version: '1' }).http(url).build();
    if (listed) await client.tools.list().toArray();
    expect(await client.tools.call('query', { region: 'Zürich' })).toMatchObject({ content: [{ text: 'in Zürich' }] });
    await client.close();
    await server.close();
  },
);

/** Lists the tools, and remembers what it was called with. */
function serverWith(tools: JsonObject[]) {
  const calls: Call[] = [];
  const told: string[] = [];
  const handler = mirrorParams({ isOn: () => true, onRejected: ({ message }) => told.push(message) })((call) => {
    calls.push(call);
    return Promise.resolve(resultReply(Payload.of<JsonObject>(call.method === 'tools/list' ? { tools } : {})));
  });
  return { handler, calls, told };
}

it('takes tools with wrong annotations out of a list, and says why', async () => {
  const good = { name: 'good', inputSchema: annotated('Region') };
  const { handler, told } = serverWith([good, { name: 'bad', inputSchema: annotated('no token') }]);
  expect(await (await handler(createCall('tools/list'))).result()).toMatchObject({ tools: [good] });
  expect(told).toEqual([expect.stringContaining('"bad"')]);
});

it('leaves a header out when the argument is not there', async () => {
  const { handler, calls } = serverWith([{ name: 'good', inputSchema: annotated('Region') }]);
  await handler(createCall('tools/list'));
  await handler(createCall('tools/call', { name: 'good', arguments: { region: 'eu' } }));
  await handler(createCall('tools/call', { name: 'good' }));
  expect(calls.slice(1).map(({ paramHeaders }) => paramHeaders)).toEqual([{ 'mcp-param-region': 'eu' }, {}]);
});
