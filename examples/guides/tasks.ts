import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { McpError } from '@org/mcp-sdk';

// #region store
import type { Store } from '@org/mcp-sdk';

const REPLACE = `
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
  return redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])`;

/** @param send - sends one command to Redis, e.g. `(command) => redis.sendCommand(command)` */
const redisStore = (send: (command: string[]) => Promise<unknown>): Store => ({
  async get(key) {
    const value = await send(['GET', key]);
    return typeof value === 'string' ? value : undefined;
  },
  async set(key, value, ttlMs) {
    await send(['SET', key, value, 'PX', String(ttlMs)]);
  },
  async add(key, value, ttlMs) {
    return (await send(['SET', key, value, 'PX', String(ttlMs), 'NX'])) === 'OK';
  },
  async replace(key, { was, value }, ttlMs) {
    return (await send(['EVAL', REPLACE, '1', key, was, value, String(ttlMs)])) === 'OK';
  },
  async delete(key) {
    await send(['DEL', key]);
  },
});
// #endregion

const kept = new Map<string, string>();
/** What Redis does with these commands, but for the time that a value is kept. */
function send([name, key = '', value = '', , , condition]: string[]): Promise<unknown> {
  if (name === 'GET') return Promise.resolve(kept.get(key) ?? null);
  if (name === 'DEL') return Promise.resolve(Number(kept.delete(key)));
  if (condition === 'NX' && kept.has(key)) return Promise.resolve(null);
  kept.set(key, value);
  return Promise.resolve('OK');
}
const secret = crypto.getRandomValues(new Uint8Array(32));

// #region server
import { MCPServerBuilder } from '@org/mcp-sdk';
import { z } from 'zod';

const buildServer = () =>
  new MCPServerBuilder({ name: 'reports', version: '1.0.0', store: redisStore(send), secret })
    .addTool({
      name: 'report',
      description: 'Writes the report of a year',
      task: true,
      annotations: { idempotentHint: true },
      parameters: z.object({ year: z.int() }),
      handler: async ({ year }, { progress, signal }) => {
        for (let month = 1; month <= 12; month++) {
          progress(month, 12, `reading month ${month}`);
          await sleep(20, undefined, { signal });
        }
        return `The report of ${year}.`;
      },
    })
    .build();

const server = buildServer();
// #endregion

const { url } = await server.listen();

// #region call
import { MCPClientBuilder } from '@org/mcp-sdk';

const client = await new MCPClientBuilder({ name: 'desk', version: '1.0.0' }).http(url).build();
const taskIds = new Set<string>();
const result = await client.tools.call('report', { year: 2025 }, { onTask: ({ taskId }) => taskIds.add(taskId) });
// #endregion
assert.deepEqual(result.content, [{ type: 'text', text: 'The report of 2025.' }]);

// One that runs when its server closes.
let begin = (): void => undefined;
const hasBegun = new Promise<void>((resolve) => (begin = resolve));
const interrupted = client.tools.call(
  'report',
  { year: 2024 },
  {
    onTask(task) {
      taskIds.add(task.taskId);
      begin();
    },
  },
);
const isInterrupted = assert.rejects(interrupted);
await hasBegun;
await server.close();
await isInterrupted;
await client.close();
const [, taskId = ''] = taskIds;

const restarted = buildServer();
const { url: newUrl } = await restarted.listen();
// #region later
const later = await new MCPClientBuilder({ name: 'desk', version: '1.0.0' }).http(newUrl).build();
const { status, statusMessage } = await later.tasks.get(taskId);
console.log(status, statusMessage);
const report = await later.tasks.wait(taskId);
// #endregion
assert.equal(status, 'working');
assert.deepEqual(report.content, [{ type: 'text', text: 'The report of 2024.' }]);

// #region cancel
const controller = new AbortController();
const unwanted = later.tools.call(
  'report',
  { year: 2026 },
  {
    signal: controller.signal,
    onTask: () => {
      controller.abort();
    },
  },
);
// #endregion
await assert.rejects(unwanted, (thrown) => thrown instanceof McpError && thrown.code === 'cancelled');
await later.close();
await restarted.close();
