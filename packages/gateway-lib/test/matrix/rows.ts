import { randomUUID } from 'node:crypto';
import { RemoteError } from '@org/mcp-sdk';
import { expect } from 'vitest';
import type { Driver } from './driver.ts';
import { completions, extensionOf, ownUri, SHARED } from './world.ts';

/** Names of the two upstreams, in the order in which they are listed. They offer the same names and one same URI. */
export const UPSTREAMS = ['one', 'two'] as const;

/** Runs a check for both upstreams. */
const both =
  (check: (driver: Driver, name: string) => Promise<void>) =>
  async (driver: Driver): Promise<void> => {
    for (const name of UPSTREAMS) await check(driver, name);
  };

/** What a caller does through the gateway; each row is one method or one habit of the protocol. */
export const ROWS: Readonly<Record<string, (driver: Driver) => Promise<void>>> = {
  'server/discover or initialize': async (driver) => {
    const { name, capabilities } = driver.server();
    expect(name).toBe('mcp-gateway');
    expect(capabilities).toMatchObject({
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      completions: {},
      logging: {},
    });
  },
  // The modern era has none.
  ping: async (driver) => {
    if (driver.era === 'legacy') await driver.ping();
  },
  'tools/list': async (driver) => {
    const names = await driver.tools();
    expect(names.filter((name) => name.endsWith('_echo'))).toEqual(['one_echo', 'two_echo']);
    expect(names.every((name) => /^(one|two)_/.test(name))).toBe(true);
    expect(new Set(names).size).toBe(names.length);
  },
  'tools/call': both(async (driver, name) => {
    const answer = await driver.call(`${name}_echo`, { text: 'é' });
    expect(answer).toEqual({ text: `${name}: é`, structured: { text: 'é' }, isError: false });
  }),
  'tools/call of a tool that fails': both(async (driver, name) => {
    expect(await driver.call(`${name}_fail`)).toMatchObject({ isError: true, text: `${name} is out of tea` });
  }),
  'tools/call of a tool that is not there': async (driver) => {
    expect(await codeOf(driver.call('one_nowhere'))).toBe(-32602);
    expect(await codeOf(driver.call('echo'))).toBe(-32602);
  },
  progress: both(async (driver, name) => {
    const seen: number[] = [];
    const { text } = await driver.call(`${name}_count`, { to: 20 }, { onProgress: (done) => seen.push(done) });
    expect(text).toBe(`${name} counted`);
    const all = Array.from({ length: 20 }, (_, index) => index + 1);
    expect(seen).toEqual(driver.losesProgress ? all.slice(0, seen.length) : all);
  }),
  cancel: both(async (driver, name) => {
    const controller = new AbortController();
    const id = randomUUID();
    const hanging = driver.call(`${name}_hang`, { id }, { signal: controller.signal }).catch(() => 'rejected');
    await driver.call(`${name}_saw`, { id, what: 'arrived' });
    controller.abort();
    expect(await hanging).toBe('rejected');
    expect(await driver.call(`${name}_saw`, { id, what: 'cancelled' })).toMatchObject({ text: 'yes' });
  }),
  logging: both(async (driver, name) => {
    const told: unknown[] = [];
    await driver.logs((data) => told.push(data));
    await driver.call(`${name}_tell`);
    await expect.poll(() => told).toEqual([`${name} told`]);
  }),
  'elicitation/create': both(async (driver, name) => {
    const text = `${name}: Lisbon for ${name} asks: where to?`;
    expect(await driver.call(`${name}_ask`)).toMatchObject({ text, isError: false });
  }),
  'sampling/createMessage': both(async (driver, name) => {
    expect(await driver.call(`${name}_sample`)).toMatchObject({ text: `${name}: sampled`, isError: false });
  }),
  'roots/list': both(async (driver, name) => {
    expect(await driver.call(`${name}_roots`)).toMatchObject({ text: `${name}: file:///root`, isError: false });
  }),
  'prompts/list': async (driver) => {
    expect(await driver.prompts()).toEqual(['one_greet', 'two_greet']);
  },
  'prompts/get': both(async (driver, name) => {
    expect(await driver.prompt(`${name}_greet`, { who: 'Ada' })).toBe(`${name}: hello, Ada!`);
  }),
  'prompts/get of a prompt that is not there': async (driver) => {
    expect(await codeOf(driver.prompt('greet', {}))).toBe(-32602);
  },
  'completion/complete of a prompt': both(async (driver, name) => {
    const found = await driver.complete(
      { type: 'ref/prompt', name: `${name}_greet` },
      { name: 'who', value: `${name}-a` },
    );
    expect(found).toEqual(completions(name, `${name}-a`));
  }),
  'completion/complete of a template': async (driver) => {
    const found = await driver.complete(
      { type: 'ref/resource', uri: 'matrix://item/{id}' },
      { name: 'id', value: 'one-g' },
    );
    expect(found).toEqual(['one-grace']);
  },
  'resources/list': async (driver) => {
    expect((await driver.resources()).sort()).toEqual([ownUri('one'), SHARED, ownUri('two')]);
  },
  'resources/templates/list': async (driver) => {
    expect(await driver.templates()).toEqual(['matrix://item/{id}']);
  },
  'resources/read': async (driver) => {
    expect(await driver.read(SHARED)).toBe('one has it');
    for (const name of UPSTREAMS) expect(await driver.read(ownUri(name))).toBe(`${name} has it`);
    expect(await driver.read('matrix://item/7')).toBe('one has matrix://item/7');
  },
  'resources/read of a resource that is not there': async (driver) => {
    // Both clients make this code of the -32002 of the legacy era.
    expect(await codeOf(driver.read('matrix://nowhere'))).toBe(-32602);
  },
  'a notification of an extension': both(async (driver, name) => {
    const id = randomUUID();
    await driver.notify(`${extensionOf(name)}/poke`, { id });
    expect(await driver.call(`${name}_saw`, { id, what: 'poked' })).toMatchObject({ text: 'yes' });
  }),
  'listen: list_changed and updated': both(async (driver, name) => {
    const told = new Told();
    const stop = await driver.listen({ uris: [ownUri(name)], onTools: told.tools, onUpdated: told.updated });
    const isAdded = (await driver.call(`${name}_change`)).text === 'added';
    await expect.poll(() => told.uris).toContain(ownUri(name));
    await told.toolsUntil(async () => (await driver.tools()).includes(`${name}_extra`) === isAdded);
    expect(new Set(told.uris)).toEqual(new Set([ownUri(name)]));
    await stop();
  }),
};

/** The JSON-RPC code that a call is refused with. */
const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'answered',
    (thrown: unknown) => (thrown instanceof RemoteError ? thrown.rpc.code : (thrown as { code?: unknown }).code),
  );

/** What a listener was told of. */
class Told {
  readonly uris: string[] = [];
  #wake = (): void => undefined;
  #next = this.#wait();

  readonly updated = (uri: string): void => void this.uris.push(uri);

  readonly tools = (): void => {
    this.#wake();
  };

  /** Resolves when what a change of the tools was told of is there. */
  async toolsUntil(isThere: () => Promise<boolean>): Promise<void> {
    do {
      await this.#next;
      this.#next = this.#wait();
    } while (!(await isThere()));
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}
