import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import { MCPServerBuilder } from '../server/builder.ts';
import type { Call } from '../core/call.ts';
import type { JsonObject } from '../core/json.ts';
import type { TypedMiddleware } from '../core/typed-call.ts';
import { MCPClientBuilder } from './builder.ts';
import type { KnownResource, ListedTool, MCPClient } from './client.ts';
import type { ElicitAnswer } from './rounds.ts';
import type { Change } from './subscription.ts';
import { typedClient } from './typed-client.ts';

declare const client: MCPClient;

const _server = new MCPServerBuilder({ name: 's', version: '1' })
  .addTool({
    name: 'add',
    parameters: z.object({ a: z.number(), b: z.number().default(1) }),
    output: z.object({ sum: z.number() }),
    handler: ({ a, b }) => ({ sum: a + b }),
  })
  .addTool({ name: 'now', handler: () => 'noon' })
  .addTool({ name: 'where', handler: async () => Promise.resolve({ lat: 1, lon: 2 }) })
  .addTool({ name: 'count', handler: (_params, { round }) => round })
  .addTool({ name: 'whole', handler: () => ({ content: [{ type: 'text', text: 'x' }] }) })
  .build();

// The tools of a server that is known: names, arguments, defaults, results.
const typed = typedClient<typeof _server>(client);
expectTypeOf<keyof typeof typed>().toEqualTypeOf<'add' | 'now' | 'where' | 'count' | 'whole'>();
expectTypeOf(await typed.add({ a: 1 })).toEqualTypeOf<{ sum: number }>();
expectTypeOf(await typed.add({ a: 1, b: 2 }, { timeoutMs: 1 })).toEqualTypeOf<{ sum: number }>();
// Without an output schema: what the function returns, as it comes over the wire.
expectTypeOf(await typed.now()).toEqualTypeOf<string>();
expectTypeOf(await typed.where()).toEqualTypeOf<{ lat: number; lon: number }>();
expectTypeOf(await typed.count()).toEqualTypeOf<string>();
expectTypeOf(await typed.whole()).toBeUnknown();
// @ts-expect-error -- there is no such tool
void typed.nowhere();
// @ts-expect-error -- `a` is required
void typed.add({});
// @ts-expect-error -- so are the arguments
void typed.add();
// @ts-expect-error -- `a` is a number
void typed.add({ a: '1' });

// A tool by its name.
expectTypeOf((await client.tools.call('t')).structuredContent).toEqualTypeOf<unknown>();
const output = z.object({ n: z.number() });
expectTypeOf((await client.tools.call('t', {}, { output })).structuredContent).toEqualTypeOf<
  { n: number } | undefined
>();
void client.tools.call('t', {}, { output, timeoutMs: 1, onProgress: ({ progress }) => progress.toFixed() });
// @ts-expect-error -- a schema, not a value
void client.tools.call('t', {}, { output: { n: 1 } });

// Any method: the name tells the result.
expectTypeOf((await client.request('tools/list')).tools[0]?.name).toEqualTypeOf<string | undefined>();
expectTypeOf((await client.request('resources/read', { uri: 'a:1' })).contents).toBeArray();
expectTypeOf(await client.request('acme/own', { any: 1 })).toEqualTypeOf<JsonObject>();

// Lists and changes.
for await (const tool of client.tools.list()) expectTypeOf(tool).toEqualTypeOf<ListedTool>();
expectTypeOf(await client.resources.list().toArray()).toEqualTypeOf<KnownResource[]>();
for await (const change of await client.subscribe({ tools: true })) {
  expectTypeOf(change).toEqualTypeOf<Change>();
  if (change.kind === 'resource') expectTypeOf(change.uri).toEqualTypeOf<string>();
}
expectTypeOf(
  await client.complete({ ref: { type: 'ref/prompt', name: 'p' }, argument: { name: 'a', value: '' } }),
).toEqualTypeOf<string[]>();

// Middleware: the method tells params and result; what one adds, those after it see.
const builder = new MCPClientBuilder({ name: 'c', version: '1' });
builder.use((next) => async (call) => {
  if (call.method === 'tools/call') {
    expectTypeOf(call.params.value.name).toEqualTypeOf<string>();
    const reply = await next(call);
    expectTypeOf((await reply.result()).isError).toEqualTypeOf<boolean | undefined>();
    return reply;
  }
  return next(call);
});
const stamp: TypedMiddleware<Call, Call & { readonly at: number }> = (next) => (call) => next({ ...call, at: 1 });
builder.use(stamp);
builder.onElicit((request, signal) => {
  expectTypeOf(request.message).toEqualTypeOf<string>();
  expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
  const answer: ElicitAnswer = { action: 'decline' };
  return answer;
});
// @ts-expect-error -- accept, decline or cancel
builder.onElicit(() => ({ action: 'maybe' }));
// @ts-expect-error -- a program or a URL
builder.fromConfig({ args: [] });
// @ts-expect-error -- a client has a version
new MCPClientBuilder({ name: 'c' });
