import { expect } from 'vitest';
import type { Driver } from './driver.ts';
import { WATCHED } from './reference-server.ts';

/** Resolves with the first value that `start` is given. */
const first = <T>(start: (take: (value: T) => void) => unknown): Promise<T> =>
  new Promise((resolve, reject) => {
    Promise.resolve(start(resolve)).catch(reject);
  });

/** What a client does with the reference server; each row is one method or one habit of the protocol. */
export const ROWS: Readonly<Record<string, (driver: Driver) => Promise<void>>> = {
  'handshake or discovery': async (driver) => {
    expect(driver.serverName()).toBe('reference');
    // The modern era has no ping.
    if (driver.era === 'legacy') await driver.ping();
  },
  'tools/list': async (driver) => {
    const names = await driver.tools();
    expect(names).toContain('echo');
    expect(names).toContain('change');
    expect(new Set(names).size).toBe(names.length);
  },
  'tools/call': async (driver) => {
    const answer = await driver.call('echo', { text: 'é' });
    expect(answer).toEqual({ text: '{"text":"é"}', structured: { text: 'é' }, isError: false });
  },
  'a tool that fails': async (driver) => {
    expect(await driver.call('fail')).toMatchObject({ isError: true, text: 'out of tea' });
  },
  'arguments that are wrong': async (driver) => {
    expect(await driver.call('echo', { text: 1 })).toMatchObject({ isError: true });
  },
  'a tool that is not there': async (driver) => {
    await expect(driver.call('nowhere')).rejects.toMatchObject({
      message: expect.stringContaining('nowhere') as string,
    });
  },
  progress: async (driver) => {
    const seen: number[] = [];
    const { text } = await driver.call('count', { to: 20 }, { onProgress: (done) => seen.push(done) });
    expect(text).toBe('counted');
    const all = Array.from({ length: 20 }, (_, index) => index + 1);
    expect(seen).toEqual(driver.losesProgress ? all.slice(0, seen.length) : all);
  },
  cancellation: async (driver) => {
    const controller = new AbortController();
    const hanging = driver.call('hang', {}, { signal: controller.signal }).catch(() => 'rejected');
    await driver.call('echo', { text: 'the other call has arrived' });
    controller.abort();
    expect(await hanging).toBe('rejected');
    expect(await driver.call('was-cancelled')).toMatchObject({ text: 'yes' });
  },
  'elicitation/create': async (driver) => {
    expect(await driver.call('ask')).toMatchObject({ text: 'Lisbon', isError: false });
  },
  'sampling/createMessage': async (driver) => {
    const { text } = await driver.call('sample');
    expect(text).toContain('sampled');
  },
  'roots/list': async (driver) => {
    expect(await driver.call('roots')).toMatchObject({ text: 'file:///root' });
  },
  'notifications/message': async (driver) => {
    const data = await first<unknown>(async (take) => {
      await driver.logs(take);
      await driver.call('tell');
    });
    expect(data).toBe('told');
  },
  'prompts/list': async (driver) => {
    expect(await driver.prompts()).toEqual(['greet']);
  },
  'prompts/get': async (driver) => {
    expect(await driver.prompt('greet', { name: 'Ada' })).toBe('Hello, Ada!');
  },
  'completion/complete': async (driver) => {
    expect(await driver.complete('greet', { name: 'name', value: 'a' })).toEqual(['ada', 'alan']);
  },
  'resources/list': async (driver) => {
    expect(await driver.resources()).toEqual([WATCHED, 'matrix://other']);
  },
  'resources/templates/list': async (driver) => {
    expect(await driver.templates()).toEqual(['matrix://item/{id}']);
  },
  'resources/read': async (driver) => {
    expect(await driver.read(WATCHED)).toBe('watched');
    expect(await driver.read('matrix://item/7')).toBe('content of matrix://item/7');
  },
  // Last: it changes the server.
  'subscriptions/listen': async (driver) => {
    let onTools = (): void => undefined;
    const toolsChanged = new Promise<void>((resolve) => (onTools = resolve));
    const updated = await first<string>(async (take) => {
      await driver.listen({ uri: WATCHED, onTools, onUpdated: take });
      await driver.call('change');
    });
    await toolsChanged;
    expect(updated).toBe(WATCHED);
    expect(await driver.tools()).toContain('added');
  },
};
