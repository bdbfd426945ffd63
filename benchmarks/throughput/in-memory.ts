import { Gateway } from '@org/mcp-gateway';
import { McpError, Payload, resultReply, type Handler, type JsonObject } from '@org/mcp-sdk';
import type { ChildMessage } from '../measure/child.ts';
import { medianOf } from '../measure/median.ts';
import { builtServer, TEXT } from './gateway-parts.ts';

/**
 * Tells what `gateway.call()` costs with an upstream in this process, beside awaiting the tool function through five
 * async functions that do nothing else. Rounds are interleaved; the first one warms up. Argument: rounds.
 */
const ROUNDS = Number(process.argv[2]);
const CALLS = 100_000;
const PARAMS = { name: 'echo', arguments: { text: 'The quick brown fox' } };

type Work = () => Promise<unknown>;

const tool = (_: JsonObject): string => TEXT;
const pass =
  (next: (params: JsonObject) => unknown) =>
  async (params: JsonObject): Promise<unknown> =>
    await next(params);
const five = pass(pass(pass(pass(pass(tool)))));

/** An upstream that checks nothing, so that what is left is the gateway. */
const RESULTS: Readonly<Record<string, JsonObject>> = {
  'tools/call': { resultType: 'complete', content: [{ type: 'text', text: TEXT }] },
  'tools/list': { resultType: 'complete', tools: [{ name: 'echo', inputSchema: { type: 'object' } }] },
  'server/discover': { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: { tools: {} } },
};
const constant: Handler = async ({ method }) => {
  const result = RESULTS[method];
  if (!result) throw new McpError('not_found', method);
  return resultReply(Payload.of(result));
};

async function callerOf(server: Handler | ReturnType<typeof builtServer>): Promise<Work> {
  const gateway = new Gateway({ naming: 'never', upstreams: { up: { server } } });
  await gateway.start();
  return () => gateway.call('tools/call', PARAMS);
}

async function microsPerCall(work: Work): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < CALLS; i++) await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CALLS;
}

const builtCall = await callerOf(builtServer());
const constantCall = await callerOf(constant);
const rounds: { readonly plain: number; readonly built: number; readonly constant: number }[] = [];
for (let round = 0; round <= ROUNDS; round++) {
  const plain = await microsPerCall(() => five(PARAMS.arguments));
  const built = await microsPerCall(builtCall);
  rounds.push({ plain, built, constant: await microsPerCall(constantCall) });
}
rounds.shift();

const ratios = rounds.map(({ plain, built }) => built / plain);
const result = {
  plainMicros: medianOf(rounds.map(({ plain }) => plain)),
  callMicros: medianOf(rounds.map(({ built }) => built)),
  ratio: medianOf(ratios),
  ratioMin: Math.min(...ratios),
  ratioMax: Math.max(...ratios),
  constantMicros: medianOf(rounds.map(({ constant: micros }) => micros)),
  constantRatio: medianOf(rounds.map(({ plain, constant: micros }) => micros / plain)),
};
process.send?.({ result } satisfies ChildMessage, () => process.exit(0));
