import { createCall } from '../../src/core/call.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { taskServer } from './task-server.ts';

/** Starts a task of each tool, answers the question of the last, tells their ids and stays until it is killed. */
const [, , folder = ''] = process.argv;
const { handler } = taskServer(folder, { hangs: true, clock: systemClock });
const options = {
  clientCapabilities: { elicitation: { form: {} }, extensions: { 'io.modelcontextprotocol/tasks': {} } },
};
const call = async (method: string, params: JsonObject): Promise<JsonObject> =>
  (await handler(createCall(method, params, options))).result();

const ids: JsonObject = {};
for (const name of ['safe', 'unsafe', 'ask', 'asked']) {
  const { taskId } = await call('tools/call', { name });
  ids[name] = taskId;
  if (name.startsWith('ask'))
    while ((await call('tasks/get', { taskId })).status !== 'input_required') await new Promise(setImmediate);
}
await call('tasks/update', {
  taskId: ids.asked,
  inputResponses: { q0: { action: 'accept', content: { name: 'Ada' } } },
});
// The round has begun: its state is used up.
while ((await call('tasks/get', { taskId: ids.asked })).status !== 'working') await new Promise(setImmediate);
await new Promise((resolve) => setImmediate(resolve));
process.stdout.write(`${JSON.stringify(ids)}\n`);
setInterval(() => undefined, 1_000);
