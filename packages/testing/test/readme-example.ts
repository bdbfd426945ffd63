/* eslint-disable no-console -- a reader of the README sees what it prints */
//#region readme
import { Gateway } from '@org/mcp-gateway';
import { createFakeServer, createTestCaller, failFirst, onlyWhen } from '@org/mcp-testing';

const flaky = failFirst(1, 'overloaded');
const weather = createFakeServer({
  tools: { today: ({ city }) => `Sunny in ${String(city)}` },
  use: [onlyWhen((call) => call.method === 'tools/call', flaky)],
});
const gateway = new Gateway({ upstreams: { weather: { server: weather } } });
const caller = createTestCaller(gateway);

const first = await caller.callTool('weather_today', { city: 'Oslo' }).catch((error: unknown) => String(error));
const second = await caller.callTool('weather_today', { city: 'Oslo' });

console.log(first); // RemoteError: Upstream "weather": Injected fault: overloaded.
console.log(second.result.content); // [ { type: 'text', text: 'Sunny in Oslo' } ]
console.log(flaky.injected, weather.calls.filter(({ target }) => target === 'today').length); // 1 2
await gateway.close();
//#endregion
