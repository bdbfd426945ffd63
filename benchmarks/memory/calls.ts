import { createCall, MCPServerBuilder, type Call, type Handler } from '@org/mcp-sdk';
import type { ChildMessage } from '../measure/child.ts';
import { ARGUMENTS, PARAMETERS, search, TOOL } from '../server/tool.ts';
import { readMemory } from './memory.ts';

/**
 * Calls a server in memory. Half of the calls have a signal of their own and the others share one; one of ten has wrong
 * arguments, one of ten names no tool. Arguments: calls to warm up, calls. Sends what is left before and after.
 */
const [warmUp, calls] = process.argv.slice(2).map(Number);
const shared = new AbortController();

async function callTimes(handler: Handler, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const name = i % 10 === 1 ? 'unknown' : TOOL;
    const args = i % 10 === 2 ? { query: '' } : ARGUMENTS;
    const { signal } = i % 2 === 0 ? shared : new AbortController();
    const isAnswered = await answers(handler, createCall('tools/call', { name, arguments: args }, { signal }));
    if (isAnswered !== (name === TOOL)) throw new Error(`call ${i} of ${name} was answered wrongly`);
  }
}

/** Whether a call has a result; one that is refused has none. */
async function answers(handler: Handler, call: Call): Promise<boolean> {
  try {
    return 'content' in (await (await handler(call)).result());
  } catch {
    return false;
  }
}

const server = new MCPServerBuilder({ name: 'bench', version: '1.0.0' })
  .addTool({ name: TOOL, parameters: PARAMETERS, handler: search })
  .use((next) => async (call) => next(call))
  .build();
await callTimes(server.handler, warmUp ?? 0);
process.send?.({ result: await readMemory() } satisfies ChildMessage);
await callTimes(server.handler, calls ?? 0);
process.send?.({ result: await readMemory() } satisfies ChildMessage, () => process.exit(0));
