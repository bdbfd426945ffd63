import { createCall, MCPServerBuilder, type Handler, type Middleware } from '@org/mcp-sdk';
import type { ChildMessage } from '../measure/child.ts';
import { medianOf } from '../measure/median.ts';
import { ARGUMENTS, PARAMETERS, search, TOOL } from './tool.ts';

/** Tells what one `use` layer costs per call in memory: the loop with 10 layers less the loop with none. */
const CALLS = 300_000;
const LAYERS = 10;
const ROUNDS = 7;

const passing: Middleware = (next) => (call) => next(call);
const awaiting: Middleware = (next) => async (call) => {
  const reply = await next(call);
  return reply;
};

function handlerWith(layers: readonly Middleware[]): Handler {
  const builder = new MCPServerBuilder({ name: 'bench', version: '1.0.0' });
  for (const layer of layers) builder.use(layer);
  return builder.addTool({ name: TOOL, parameters: PARAMETERS, handler: search }).build().handler;
}

async function microsPerCall(handler: Handler): Promise<number> {
  const params = { name: TOOL, arguments: ARGUMENTS };
  const startedAt = performance.now();
  for (let i = 0; i < CALLS; i++) await (await handler(createCall('tools/call', params))).result();
  return ((performance.now() - startedAt) * 1000) / CALLS;
}

const bare = handlerWith([]);
const layered = {
  'a layer that passes the call on': handlerWith(Array.from({ length: LAYERS }, () => passing)),
  'a layer that awaits the reply': handlerWith(Array.from({ length: LAYERS }, () => awaiting)),
};

const results: Record<string, number[]> = {};
const bares: number[] = [];
for (let round = 0; round <= ROUNDS; round++) {
  const base = await microsPerCall(bare);
  if (round > 0) bares.push(base);
  for (const [name, handler] of Object.entries(layered)) {
    const cost = ((await microsPerCall(handler)) - base) / LAYERS;
    // The first round warms up.
    if (round > 0) (results[name] ??= []).push(cost);
  }
}
const medians = Object.entries(results).map(([name, costs]) => [name, medianOf(costs)]);
const result = { 'a call in memory': medianOf(bares), ...(Object.fromEntries(medians) as Record<string, number>) };
process.send?.({ result } satisfies ChildMessage, () => process.exit(0));
