import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCall } from '../core/call.ts';
import type { JsonObject } from '../core/json.ts';
import { MCPServerBuilder } from './builder.ts';

const builder = (): MCPServerBuilder => new MCPServerBuilder({ name: 's', version: '1' });

describe('addFrom', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'mcp-load-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('adds what the modules of a folder and its subfolders export, once', async () => {
    const filled = await builder().addFrom(new URL('../../test/support/definitions/', import.meta.url));
    const server = filled.build();
    const call = async (method: string, params: JsonObject = {}) =>
      (await server.handler(createCall(method, params))).result();
    expect(await call('tools/call', { name: 'shout', arguments: { text: 'a' } })).toMatchObject({
      content: [{ text: 'A' }],
    });
    expect(await call('prompts/list')).toHaveProperty('prompts.0.name', 'greet');
    expect(await call('resources/read', { uri: 'x://1' })).toHaveProperty('contents.length', 1);
    expect(await call('resources/read', { uri: 'y://7' })).toHaveProperty('contents.0.text', '7');
  });

  test.each([
    ['export const other = 1;', 'exports nothing made by'],
    ['throw new Error("broken");', 'cannot be loaded'],
  ])('refuses a module with %j', async (code, message) => {
    await writeFile(join(folder, 'a.mjs'), code);
    await expect(builder().addFrom(folder)).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining(message) as string,
    });
  });

  test('passes over tests and declarations, and refuses a folder that is not there', async () => {
    for (const name of ['a.test.mjs', 'b.d.ts', 'c.json']) await writeFile(join(folder, name), 'throw 1;');
    await expect(builder().addFrom(folder)).resolves.toBeInstanceOf(MCPServerBuilder);
    await expect(builder().addFrom(join(folder, 'no'))).rejects.toThrow('cannot be read');
  });
});
