import ts from 'typescript';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { Payload, resultReply, MCPServerBuilder, type Call, type JsonObject, type MCPServer } from '../index.ts';
import { MCPClientBuilder } from './builder.ts';
import type { MCPClient } from './client.ts';
import { typedClient } from './typed-client.ts';
import { writeTypes } from './write-types.ts';

const makeServer = () =>
  new MCPServerBuilder({ name: 'weather', version: '1' })
    .addTool({
      name: 'get-weather',
      description: 'Tells the weather */ now',
      parameters: z.object({ city: z.string(), days: z.number().optional() }),
      output: z.object({ degrees: z.number(), sky: z.enum(['clear', 'grey']) }),
      handler: ({ city }) => ({ degrees: city.length, sky: 'clear' as const }),
    })
    .addTool({ name: 'now', handler: () => 'noon' })
    .addTool({ name: 'fail', handler: () => Promise.reject(new Error('out of tea')) })
    .build();

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function connected(): Promise<{ client: MCPClient; server: MCPServer }> {
  const server = makeServer();
  const client = await new MCPClientBuilder({ name: 'c', version: '1' }).inMemory(server).build();
  open.push(server, client);
  return { client, server };
}

/** Type checks a module beside this file; returns the messages of what is wrong. */
function check(source: string): string[] {
  const path = `${import.meta.dirname}/written.ts`;
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    types: ['node'],
    paths: { '#sdk-platform': [`${import.meta.dirname}/../platform.node.ts`] },
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, ...rest) =>
    name === path ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2023) : getSourceFile(name, ...rest);
  host.fileExists = (name) => name === path || fileExists(name);
  host.readFile = (name) => (name === path ? source : readFile(name));
  const program = ts.createProgram([path], options, host);
  const file = program.getSourceFile(path);
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(({ messageText }) =>
    ts.flattenDiagnosticMessageText(messageText, ' '),
  );
}

it('writes what typedClient takes, with the types of the schemas', async () => {
  const { client } = await connected();
  const written = await writeTypes(client, 'Weather');
  const use = (lines: string): string => `
    import type { MCPClient } from './client.ts';
    import { typedClient } from './typed-client.ts';
    ${written}
    export async function use(client: MCPClient): Promise<void> {
      const weather = typedClient<Weather>(client);
      ${lines}
    }`;
  expect(
    check(
      use(`
      const { degrees, sky } = await weather['get-weather']({ city: 'Lisbon' });
      const n: number = degrees;
      const s: 'clear' | 'grey' = sky;
      await weather['get-weather']({ city: 'Lisbon', days: 2 }, { timeoutMs: 5 });
      await weather.now();
      void n; void s;`),
    ),
  ).toEqual([]);
  expect(check(use(`await weather['get-weather']({ town: 1 });`))).toEqual([expect.stringContaining('city')]);
  expect(check(use(`await weather['get-weather']();`))).toHaveLength(1);
  expect(check(use(`await weather.nowhere();`))).toEqual([expect.stringContaining('nowhere')]);
}, 60_000);

it('takes no name that is no identifier', async () => {
  const { client } = await connected();
  await expect(writeTypes(client, 'a b')).rejects.toMatchObject({ code: 'invalid_options' });
});

it('a typed client calls, and rejects what failed', async () => {
  const { client } = await connected();
  const weather = typedClient<ReturnType<typeof makeServer>>(client);
  expect(await weather['get-weather']({ city: 'Lisbon' })).toEqual({ degrees: 6, sky: 'clear' });
  expect(await weather.now()).toBe('noon');
  await expect(weather.fail()).rejects.toMatchObject({ message: 'out of tea' });
  expect(await Promise.resolve(weather)).toBe(weather);
});

it('takes what servers list that do not keep to the specification', async () => {
  const tools = [
    { name: 'bare' },
    { name: 'twice', description: null, inputSchema: { type: 'object', allOf: [] } },
    {
      name: 'twice',
      inputSchema: {
        type: 'object',
        properties: { a: {} },
        additionalProperties: false,
        patternProperties: { '^x': {} },
      },
      outputSchema: null,
    },
  ];
  const handler = (call: Call) =>
    Promise.resolve(
      resultReply(
        Payload.of<JsonObject>(
          call.method === 'tools/list' ? { tools } : { supportedVersions: ['2026-07-28'], capabilities: { tools: {} } },
        ),
      ),
    );
  const client = await new MCPClientBuilder({ name: 'c', version: '1' }).inMemory(handler).build();
  open.push(client);
  const text = await writeTypes(client);
  expect(check(`${text}\nexport const x: Server['toolTypes']['twice']['params'] = { a: 1, xy: 2 };`)).toEqual([]);
});
