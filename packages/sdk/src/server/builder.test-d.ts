import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import type { CallContext } from './context.ts';
import { MCPServerBuilder } from './builder.ts';

const builder = new MCPServerBuilder({ name: 's', version: '1' });

builder.addTool({
  name: 't',
  parameters: z.object({ a: z.string(), n: z.number().default(1), o: z.boolean().optional() }),
  handler: (params, context) => {
    expectTypeOf(params).toEqualTypeOf<{ a: string; n: number; o?: boolean | undefined }>();
    expectTypeOf(context).toEqualTypeOf<CallContext>();
    return params.a;
  },
});
builder.addPrompt({
  name: 'p',
  parameters: z.object({ topic: z.string() }),
  handler: ({ topic }) => {
    expectTypeOf(topic).toEqualTypeOf<string>();
    return topic;
  },
});
// @ts-expect-error -- a tool returns what can be told
builder.addTool({ name: 't', handler: () => undefined });
// @ts-expect-error -- a server has a version
new MCPServerBuilder({ name: 's' });
