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
  [{ handler }, 'tool 1: name is missing; allowed: text.'],
  [
    { name: 't', parameters: { n: z.number(), m: { type: 'string' } }, handler },
    'tool "t": parameters is no schema; wrap the object: z.object({ … }).',
  ],
  [{ name: 't', handler, outputs: z.string() }, 'tool "t": "outputs" is not known; did you mean "output"?'],
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
      .group('a_', (group) =>
        group
          .addTool(undefined as never)
          .addPrompt(undefined as never)
          .addPrompt({ handler } as never)
          .addCompletion(undefined as never),
      )
      .addCompletion({ ref: { type: 'ref/prompt' }, argument: 'a', complete: handler } as never)
      .addCompletion({ ref: { type: 'ref/resource', uri: 'x://1' }, argument: 'a' } as never),
  );
  expect(faults).toEqual([
    'tool 1 is undefined; allowed: an object.',
    'tool 2 is undefined; allowed: an object.',
    'prompt 1 is null; allowed: an object.',
    'prompt 2 is undefined; allowed: an object.',
    'prompt 3: name is missing; allowed: text.',
    'resource 1 is text; allowed: an object.',
    'completion 1 is undefined; allowed: an object.',
    'completion 2: ref.name must be text.',
    'completion 3: complete is missing; allowed: a function.',
  ]);
});

it.each<[object, string]>([
  [{ ...OK, orgins: [] }, '"orgins" is not known; did you mean "origins"?'],
  [{ ...OK, colour: 'red' }, '"colour" is not known; allowed: name, version, title,'],
  [{ ...OK, limits: { maxByte: 1 } }, 'limits: "maxByte" is not known; did you mean "maxBytes"?'],
  [{ ...OK, hosts: [1] }, 'hosts is an array; allowed: an array of texts.'],
  [{ ...OK, telemetry: console }, 'telemetry is an object; allowed: an object with the methods record.'],
  [{ ...OK, random: {} }, 'random is an object; allowed: an object with the methods next, bytes.'],
  [{ ...OK, pageSize: '10' }, 'pageSize is text; allowed: a number.'],
  [{ ...OK, origins: 'https://app.example' }, 'origins is text; allowed: an array of texts.'],
  [{ ...OK, authenticate: 'token' }, 'authenticate is text; allowed: a function.'],
  [{ ...OK, store: {} }, 'store is an object; allowed: an object with the methods get, set, add, replace, delete.'],
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
  const fits = z.object({
    ...{ n: z.coerce.number(), many: z.coerce.number().int().min(5).max(9), on: z.stringbool(), kind: z.enum(['a']) },
    piped: z.string().transform(Number).pipe(z.number().min(5)),
    later: z.coerce.number().refine(() => Promise.resolve(true)),
    either: z.union([z.number(), z.string()]).optional(),
  });
  expect(faultsOf(OK, (builder) => builder.addPrompt({ name: 'p', parameters: fits, handler }))).toEqual([]);
  const unfit = [z.number(), z.int().min(5), z.number().nullable(), z.union([z.number(), z.boolean()]), z.literal(5)];
  for (const type of [...unfit, z.boolean(), z.array(z.string()), z.object({})])
    expect(
      faultsOf(OK, (builder) => builder.addPrompt({ name: 'p', parameters: z.object({ n: type }) as never, handler })),
    ).toEqual([expect.stringContaining('prompt "p": the argument "n" takes no text')]);
});

it('options and definitions are told of together', () => {
  expect(faultsOf({ ...OK, pageSize: 0, origins: 'x' }, (builder) => builder.addTool({ name: 't' } as never))).toEqual([
    'origins is text; allowed: an array of texts.',
    'pageSize is 0; allowed: an integer from 1.',
    'tool "t": handler is missing; allowed: a function.',
  ]);
});

it('completions that are no functions, and what is no extension, are refused', () => {
  const complete = { a: 'x' };
  const faults = faultsOf(OK, (builder) =>
    builder
      .addPrompt({ name: 'p', complete, handler })
      .addResource({ uriTemplate: 'x://{a}', name: 'x', complete, handler } as never)
      .extend(undefined as never)
      .extend({ name: 'x', methods: { 'a/b': 'x' } } as never),
  );
  expect(faults).toEqual([
    'extension 1 is undefined; allowed: an object.',
    'extension 2: methods is an object; allowed: an object of functions.',
    'prompt "p": complete is an object; allowed: an object of functions.',
    'resource template "x://{a}": complete is an object; allowed: an object of functions.',
  ]);
});

it('a group whose function returns nothing, and a server that is merged, are refused where they stand', () => {
  const builder = new MCPServerBuilder({ name: 's', version: '1' });
  const message = 'got no MCPServerBuilder; a function must return the one it is given.';
  expect(() => builder.group('a_', (() => undefined) as never)).toThrow(`group() ${message}`);
  expect(() => builder.group((() => undefined) as never, undefined as never)).toThrow(`group() ${message}`);
  expect(() => builder.merge(builder.build() as never)).toThrow(`merge() ${message}`);
});

it('a definition that cannot be read says why', () => {
  const getters = {
    handler,
    get name(): string {
      throw new TypeError('no name yet');
    },
  };
  expect(faultsOf(OK, (builder) => builder.addTool(getters))).toEqual(['no name yet']);
});
