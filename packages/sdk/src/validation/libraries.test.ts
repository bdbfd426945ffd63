import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createCall } from '../core/call.ts';
import type { JsonObject } from '../core/json.ts';
import { MCPServerBuilder } from '../server/builder.ts';

const server = new MCPServerBuilder({ name: 's', version: '1' })
  .addTool({
    name: 'zod',
    parameters: z.object({ city: z.string() }),
    output: z.object({ length: z.number() }),
    handler: ({ city }) => ({ length: city.length }),
  })
  .addTool({
    name: 'valibot',
    parameters: toStandardJsonSchema(v.object({ city: v.string() })),
    output: toStandardJsonSchema(v.object({ length: v.number() })),
    handler: ({ city }) => ({ length: city.length }),
  })
  .addTool({
    name: 'arktype',
    parameters: type({ city: 'string' }),
    output: type({ length: 'number' }),
    handler: ({ city }) => ({ length: city.length }),
  })
  .build();

const call = async (method: string, params: JsonObject): Promise<JsonObject> =>
  (await server.handler(createCall(method, params))).result();

async function faultOf(name: string, given: JsonObject): Promise<string> {
  const { content } = await call('tools/call', { name, arguments: given });
  return (content as [{ text: string }])[0].text;
}

describe.each(['zod', 'valibot', 'arktype'])('a schema of %s', (name) => {
  test('describes itself, validates, and says what is wrong', async () => {
    const { tools } = (await call('tools/list', {})) as { tools: JsonObject[] };
    const tool = tools.find((entry) => entry.name === name);
    expect(tool).toMatchObject({
      inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      outputSchema: { type: 'object', properties: { length: { type: 'number' } } },
    });
    expect(await call('tools/call', { name, arguments: { city: 'Rome' } })).toMatchObject({
      structuredContent: { length: 4 },
    });
    expect(await call('tools/call', { name, arguments: { city: 7 } })).toHaveProperty('isError', true);
    expect(await faultOf(name, { city: 7 })).toMatch(/at "city": .*string/);
  });

  test.each<[JsonObject, RegExp]>([
    [{ city: 7 }, /\b7\b/g],
    [{}, /undefined|missing|nothing/g],
    [{ city: null }, /null/g],
  ])('says once what was got of %j', async (given, got) => {
    expect((await faultOf(name, given)).match(got)).toHaveLength(1);
  });
});
