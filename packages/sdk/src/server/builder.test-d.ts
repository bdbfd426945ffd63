import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { type } from 'arktype';
import * as v from 'valibot';
import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import { requireAuth } from '../auth/require-auth.ts';
import type { Call, Principal } from '../core/call.ts';
import type { JsonObject } from '../core/json.ts';
import type { TypedMiddleware } from '../core/typed-call.ts';
import { jsonSchema } from '../validation/json-schema.ts';
import type { AskOutcome } from './ask.ts';
import { MCPServerBuilder } from './builder.ts';
import type { CallContext } from './context.ts';
import { definePrompt, defineResource, defineTool } from './define.ts';
import type { MCPServer } from './server.ts';

const builder = new MCPServerBuilder({ name: 's', version: '1' });
// @ts-expect-error -- a server has a version
new MCPServerBuilder({ name: 's' });

// Arguments are what the schema makes of them.
builder.addTool({
  name: 't',
  parameters: z.object({ a: z.string(), n: z.number().default(1), o: z.boolean().optional() }),
  handler: (params, context) => {
    expectTypeOf(params).toEqualTypeOf<{ a: string; n: number; o?: boolean | undefined }>();
    expectTypeOf(context).toEqualTypeOf<CallContext>();
    return params.a;
  },
});
builder.addTool({
  name: 'valibot',
  parameters: toStandardJsonSchema(v.object({ a: v.string() })),
  handler: ({ a }) => (expectTypeOf(a).toEqualTypeOf<string>(), a),
});
builder.addTool({
  name: 'arktype',
  parameters: type({ a: 'string' }),
  handler: ({ a }) => (expectTypeOf(a).toEqualTypeOf<string>(), a),
});
builder.addTool({
  name: 'json-schema',
  parameters: jsonSchema<{ a: string }>({ type: 'object' }),
  handler: ({ a }) => (expectTypeOf(a).toEqualTypeOf<string>(), a),
});
builder.addTool({
  name: 'untyped',
  parameters: jsonSchema({ type: 'object' }),
  handler: (params) => (expectTypeOf(params).toEqualTypeOf<JsonObject>(), 'x'),
});

// Output is enforced.
const output = z.object({ n: z.number() });
builder.addTool({ name: 't', output, handler: () => ({ n: 1 }) });
builder.addTool({ name: 't', output, handler: async () => Promise.resolve({ n: 1 }) });
builder.addTool({ name: 't', output, handler: () => ({ content: [], structuredContent: { n: 1 } }) });
// @ts-expect-error -- a field of the wrong type
builder.addTool({ name: 't', output, handler: () => ({ n: 'x' }) });
// @ts-expect-error -- a field is missing
builder.addTool({ name: 't', output, handler: () => ({}) });
// @ts-expect-error -- text is no such object
builder.addTool({ name: 't', output, handler: () => 'x' });
// @ts-expect-error -- the value in a whole result is checked as well
builder.addTool({ name: 't', output, handler: () => ({ content: [], structuredContent: { n: 'x' } }) });
// @ts-expect-error -- promised, but the wrong thing
builder.addTool({ name: 't', output, handler: async () => Promise.resolve({ n: 'x' }) });
// @ts-expect-error -- a tool returns what can be told
builder.addTool({ name: 't', handler: () => undefined });

// Prompts: arguments, and which of them are completed.
builder.addPrompt({
  name: 'p',
  parameters: z.object({ topic: z.string() }),
  complete: { topic: (typed, given) => [typed, given.other ?? ''] },
  handler: ({ topic }) => (expectTypeOf(topic).toEqualTypeOf<string>(), topic),
});
builder.addPrompt({
  name: 'p',
  parameters: z.object({ topic: z.string() }),
  // @ts-expect-error -- there is no such argument
  complete: { other: () => [] },
  handler: () => 'x',
});

// Templates: their variables.
builder.addResource({
  uriTemplate: 'notes://{folder}/{id}{?page,size}',
  name: 'notes',
  complete: { folder: () => ['a'], page: () => ['1'] },
  handler: (uri, variables) => {
    expectTypeOf(uri).toEqualTypeOf<string>();
    expectTypeOf(variables).toEqualTypeOf<{
      readonly folder: string;
      readonly id: string;
      readonly page: string;
      readonly size: string;
    }>();
    return variables.id;
  },
});
builder.addResource({
  uriTemplate: 'notes://{id}',
  name: 'notes',
  // @ts-expect-error -- there is no such variable
  handler: (_uri, { other }) => String(other),
});

// The context grows with middleware and services, for what follows.
interface Tenanted {
  readonly tenant: string;
}
declare const tenant: <C extends Call>() => TypedMiddleware<C, C & Tenanted>;
builder.addTool({
  name: 'before',
  handler: (_params, { principal }) => {
    expectTypeOf(principal).toEqualTypeOf<Principal | null>();
    return 'x';
  },
});
const grown = builder
  .use(requireAuth())
  .use(tenant())
  .provide({ unit: 'km' as const })
  .provide({ size: 1 });
grown.addTool({
  name: 'after',
  handler: (_params, { principal, call, services, ask, once, sample, roots, askUrl }) => {
    expectTypeOf(principal).toEqualTypeOf<Principal>();
    expectTypeOf(call.tenant).toEqualTypeOf<string>();
    expectTypeOf(services.unit).toEqualTypeOf<'km'>();
    expectTypeOf(services.size).toEqualTypeOf<number>();
    expectTypeOf(ask(z.object({ n: z.number() }), '?')).resolves.toEqualTypeOf<AskOutcome<{ n: number }>>();
    expectTypeOf(once('k', () => 1)).resolves.toEqualTypeOf<number>();
    expectTypeOf(askUrl).returns.resolves.toHaveProperty('action');

    expectTypeOf([sample, roots]).not.toBeAny();
    return 'x';
  },
});
grown.addPrompt({ name: 'p', handler: (_params, { principal }) => principal.subject });
grown.addResource({ uri: 'x:y', handler: (_uri, { principal, services }) => principal.subject + services.unit });
grown.group('g_', (group) =>
  group.addTool({ name: 't', handler: (_params, { principal, call }) => principal.subject + call.tenant }),
);

// An answer is read only where there is one.
builder.addTool({
  name: 'ask',
  handler: async (_params, { ask }) => {
    const answer = await ask(z.object({ n: z.number() }), '?');
    // @ts-expect-error -- whoever declines gives no content
    if (answer.action === 'decline') return String(answer.content);
    return answer.action === 'accept' ? answer.content.n : answer.action;
  },
});

// The method tells params and result.
builder.use((next) => async (call) => {
  if (call.method !== 'prompts/get') return next(call);
  expectTypeOf(call.params.value.name).toEqualTypeOf<string>();
  const reply = await next(call);
  expectTypeOf((await reply.result()).messages).toBeArray();
  return next(call);
});

// Tools are known by name to a typed client, also those of groups and of what was merged.
const _server = builder
  .addTool({ name: 'one', parameters: z.object({ a: z.string() }), output, handler: () => ({ n: 1 }) })
  .group('g_', (group) =>
    group
      .addTool({ name: 'two', handler: () => 'x' })
      .group('h_', (inner) => inner.addTool({ name: 'three', handler: () => 'x' })),
  )
  .merge(new MCPServerBuilder({ name: 'm', version: '1' }).addTool({ name: 'four', handler: () => 'x' }))
  .build();
type Tools = typeof _server extends MCPServer<infer T> ? T : never;
expectTypeOf<keyof Tools>().toEqualTypeOf<'one' | 'g_two' | 'g_h_three' | 'four'>();
expectTypeOf<Tools['one']>().toEqualTypeOf<{ params: { a: string }; result: { n: number } }>();

// Definitions in files of their own.
const defined = defineTool({
  name: 'defined',
  parameters: z.object({ a: z.string() }),
  output,
  handler: ({ a }) => ({ n: a.length }),
});
const _withDefined = new MCPServerBuilder({ name: 's', version: '1' })
  .addTool(defined)
  .addPrompt(definePrompt({ name: 'p', parameters: z.object({ a: z.string() }), handler: ({ a }) => a }))
  .addResource(defineResource({ uri: 'x:y', handler: (uri) => uri }))
  .addResource(defineResource({ uriTemplate: 'x:{id}', name: 'x', handler: (_uri, { id }) => id }))
  .build();
expectTypeOf<keyof (typeof _withDefined extends MCPServer<infer T> ? T : never)>().toEqualTypeOf<'defined'>();
// @ts-expect-error -- the output of a definition is enforced as well
defineTool({ name: 'defined', output, handler: () => 'x' });
// @ts-expect-error -- so are the variables of its template
defineResource({ uriTemplate: 'x:{id}', name: 'x', handler: (_uri, { other }) => String(other) });
