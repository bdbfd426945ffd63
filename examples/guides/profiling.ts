import assert from 'node:assert/strict';
import { once } from 'node:events';
import { MCPServerBuilder } from '@org/mcp-sdk';

const server = new MCPServerBuilder({ name: 'notes', version: '1.0.0' })
  .addTool({ name: 'read', handler: () => 'Nothing.' })
  .build();

// #region on
import { Gateway } from '@org/mcp-gateway';
import { createProfiler } from '@org/mcp-gateway/admin';

const gateway = new Gateway({ upstreams: { notes: { server } }, profiler: createProfiler() });
// #endregion

let isBusy = true;
const calls = (async () => {
  while (isBusy) {
    await gateway.call('tools/call', { name: 'notes_read', arguments: {} });
    // As from a socket: timers have their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
})();

// #region take
const { top } = await gateway.profile({ seconds: 1 });
console.table(top);

const allocations = await gateway.profile({ seconds: 1, kind: 'heap' });
console.table(allocations.top);
// #endregion
assert.equal(top.length, 15);
assert.ok(top.some(({ file }) => /packages\/(sdk|gateway-lib)\/dist/.test(file)));
assert.ok((allocations.top[0]?.selfBytes ?? 0) > 0);

// #region port
import { createServer } from 'node:http';
import { McpError } from '@org/mcp-sdk';

const admin = createServer((req, res) => {
  const { pathname, searchParams } = new URL(req.url ?? '/', 'http://admin');
  if (req.method !== 'POST' || pathname !== '/profile') return void res.writeHead(404).end();
  const kind = searchParams.get('kind') === 'heap' ? 'heap' : 'cpu';
  gateway.profile({ seconds: Number(searchParams.get('seconds') ?? 10), kind }).then(
    ({ profile }) => res.end(JSON.stringify(profile)),
    (thrown: unknown) => {
      const { status, message } = McpError.from(thrown);
      res.writeHead(status).end(message);
    },
  );
}).listen(0, '127.0.0.1');
// #endregion

await once(admin, 'listening');
const address = admin.address();
assert.ok(typeof address === 'object' && address);
const ask = (query: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${address.port}/profile${query}`, { method: 'POST' });
const [answer, second] = await Promise.all([ask('?seconds=1'), ask('?seconds=1')]);
assert.deepEqual([answer.status, second.status].sort(), [200, 503]);
assert.ok(((await (answer.ok ? answer : second).json()) as { nodes?: unknown[] }).nodes);
assert.match(await (await ask('?seconds=0')).text(), /seconds is 0; allowed: an integer from 1 to 300/);
admin.close();
isBusy = false;
await calls;

// #region delay
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
let before = performance.eventLoopUtilization();
const timer = setInterval(() => {
  const { utilization } = performance.eventLoopUtilization(before);
  before = performance.eventLoopUtilization();
  console.log(`busy ${(utilization * 100).toFixed()} %, delay p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms`);
  delay.reset();
}, 10_000);
timer.unref();
// #endregion

clearInterval(timer);
delay.disable();
await gateway.close();
