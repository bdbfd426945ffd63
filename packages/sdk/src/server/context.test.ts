import { expect, test } from 'vitest';
import { createCall } from '../core/call.ts';
import type { JsonObject } from '../core/json.ts';
import { MCPServerBuilder } from './builder.ts';
import type { CallContext } from './context.ts';

/** What a tool tells on the way: `params` of its notifications. */
async function toldBy(handler: (context: CallContext) => void): Promise<JsonObject[]> {
  const server = new MCPServerBuilder({ name: 's', version: '1' })
    .addTool({ name: 't', handler: (_params, context) => (handler(context), 'end') })
    .build();
  const call = createCall('tools/call', { name: 't' }, { progressToken: 1, logLevel: 'debug' });
  const told: JsonObject[] = [];
  for await (const message of (await server.handler(call)).messages())
    if (message.kind === 'notification') told.push(JSON.parse(message.params.text) as JsonObject);
  return told;
}

test('a total that is no number is left out of progress', async () => {
  const told = await toldBy(({ progress }) => {
    progress(1, Infinity);
    progress(2, NaN);
    progress(3, 4);
  });
  expect(told).toEqual([
    { progressToken: 1, progress: 1 },
    { progressToken: 1, progress: 2 },
    { progressToken: 1, progress: 3, total: 4 },
  ]);
});

test('a log message has data whatever is logged, and says what an error says', async () => {
  const told = await toldBy(({ log }) => {
    log.info(undefined);
    log.error(new TypeError('no such file', { cause: 'secret' }), 'disk');
  });
  expect(told).toEqual([
    { level: 'info', data: null },
    { level: 'error', data: 'TypeError: no such file', logger: 'disk' },
  ]);
});
