import { expect, it } from 'vitest';
import { z } from 'zod';
import { MCPServerBuilder } from './builder.ts';

/** What build() says of what a caller without types has given. */
function faultsOf(options: object, fill: (builder: MCPServerBuilder) => unknown = () => undefined): string[] {
  const builder = new MCPServerBuilder(options as never);
  fill(builder);
  try {
    builder.build();
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'invalid_options' });
    return (thrown as Error).message.split('\n');
  }
  return [];
}

const OK = { name: 's', version: '1.0.0' };
const handler = () => 'x';

it.each<[object, string]>([
  [
    { name: 't', parameters: { n: z.number() }, handler },
    'tool "t": parameters is no schema; wrap the object: z.object({ … }).',
  ],
  [
    { name: 't', parameters: { type: 'object' }, handler },
    'tool "t": parameters is no schema; wrap a JSON Schema: jsonSchema({ … }).',
  ],
  [
    { name: 't', output: 'text', handler },
    'tool "t": output is text; allowed: a schema of zod, Valibot, ArkType or jsonSchema().',
  ],
  [{ name: 't' }, 'tool "t": handler is missing; allowed: a function.'],
  [{ handler }, 'tool "undefined": name is missing; allowed: text.'],
  [{ name: 't', handler, inputSchema: {} }, 'tool "t": "inputSchema" is not known; did you mean "parameters"?'],
  [{ name: 't', handler, task: 'yes' }, 'tool "t": task is text; allowed: true or false.'],
])('a tool %j is refused', (tool, message) => {
  expect(faultsOf(OK, (builder) => builder.addTool(tool as never))).toEqual([message]);
});

it('what is no definition is refused, in a group too', () => {
  const faults = faultsOf(OK, (builder) =>
    builder
      .addTool(undefined as never)
      .addPrompt(null as never)
      .addResource('x://1' as never)
      .group('a_', (group) => group.addTool(undefined as never).addPrompt({ handler } as never)),
  );
  expect(faults).toEqual([
    'A tool is undefined; allowed: a definition.',
    'A tool is undefined; allowed: a definition.',
    'A prompt is null; allowed: a definition.',
    'prompt "undefined": name is missing; allowed: text.',
    'A resource is x://1; allowed: a definition.',
  ]);
});

it.each<[object, string]>([
  [{ ...OK, orgins: [] }, '"orgins" is not known; allowed: name, version, title,'],
  [{ ...OK, origins: 'https://app.example' }, 'origins is text; allowed: an array.'],
  [{ ...OK, authenticate: 'token' }, 'authenticate is text; allowed: a function.'],
  [{ ...OK, store: {} }, 'store is an object; allowed: a store with get, set, add and delete.'],
  [{ ...OK, secret: 's3cret'.repeat(10) }, 'secret is text; allowed: a Uint8Array.'],
  [{ version: '1' }, 'name is missing; allowed: text.'],
])('options %j are refused, and values not quoted', (options, message) => {
  const [first = '', ...others] = faultsOf(options);
  expect(first.startsWith(message)).toBe(true);
  expect(first).not.toContain('s3cret');
  expect(others).toEqual([]);
});

it('what is no middleware is refused', () => {
  expect(faultsOf(OK, (builder) => builder.use('x' as never).useTool(undefined as never))).toEqual([
    'use() was given string; allowed: a function.',
    'useTool() was given undefined; allowed: a function.',
  ]);
});

it('arguments of prompts that take no text are refused, and those made of text are not', () => {
  const fits = z.object({ n: z.coerce.number(), on: z.stringbool(), kind: z.enum(['a']) });
  expect(faultsOf(OK, (builder) => builder.addPrompt({ name: 'p', parameters: fits, handler }))).toEqual([]);
  for (const type of [z.number(), z.boolean(), z.array(z.string())])
    expect(
      faultsOf(OK, (builder) => builder.addPrompt({ name: 'p', parameters: z.object({ n: type }) as never, handler })),
    ).toEqual([expect.stringContaining('prompt "p": the argument "n" is of the type')]);
});

it('options and definitions are told of together', () => {
  expect(faultsOf({ ...OK, pageSize: 0, origins: 'x' }, (builder) => builder.addTool({ name: 't' } as never))).toEqual([
    'origins is text; allowed: an array.',
    'pageSize is 0; allowed: an integer from 1.',
    'tool "t": handler is missing; allowed: a function.',
  ]);
});
