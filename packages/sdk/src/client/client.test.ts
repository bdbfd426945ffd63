import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FakeClock, settled } from '../../test/support/fake-clock.ts';
import { startHttp } from '../../test/support/http-server.ts';
import { createCall } from '../core/call.ts';
import type { Handler } from '../core/handler.ts';
import type { JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { resultReply } from '../core/reply.ts';
import { MCPServerBuilder } from '../server/builder.ts';
import { bearer } from '../auth/bearer.ts';
import { MCPClientBuilder } from './builder.ts';
import type { MCPClient } from './client.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const SCRIPT = 'packages/sdk/test/support/environment-stdio.ts';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

const builder = (clock?: FakeClock) => new MCPClientBuilder({ name: 'c', version: '1', ...(clock ? { clock } : {}) });

async function reach(from: MCPClientBuilder): Promise<MCPClient> {
  const client = await from.build();
  open.push(client);
  return client;
}

const stdio = (options = {}): Promise<MCPClient> =>
  reach(builder().stdio(process.execPath, ['--import', 'tsx', SCRIPT], { cwd: ROOT, ...options }));

/** A server that answers every method but discovery with the given result. */
const answering =
  (result: JsonObject): Handler =>
  (call) => {
    const discovered = { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: {} };
    return Promise.resolve(
      resultReply(Payload.of<JsonObject>(call.method === 'server/discover' ? discovered : result)),
    );
  };

/** A server with a tool that waits until it is given up, after progress if it is asked for. */
function waiting() {
  const started = { count: 0, cancelled: 0 };
  const server = new MCPServerBuilder({ name: 's', version: '1' })
    .addTool({
      name: 'wait',
      handler: (_params, { signal, progress }) => {
        started.count++;
        progress(1);
        return new Promise<string>((resolve) => {
          signal.addEventListener('abort', () => {
            started.cancelled++;
            resolve('');
          });
        });
      },
    })
    .build();
  open.push(server);
  return { server, started };
}

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await settled();
};

describe.each([false, true])('a call that has made progress: %s', (hasProgress) => {
  const onProgress = hasProgress ? { onProgress: () => undefined } : {};

  it('ends at its timeout, and the server is told', async () => {
    const clock = new FakeClock();
    const { server, started } = waiting();
    const client = await reach(builder(clock).inMemory(server));
    const call = client.tools.call('wait', {}, { timeoutMs: 70, ...onProgress });
    await until(() => started.count === 1);
    await settled();
    clock.advance(70);
    await expect(call).rejects.toMatchObject({ code: 'timeout', message: expect.stringContaining('70 ms') as string });
    await until(() => started.cancelled === 1);
  });

  it('ends when its caller aborts, and the server is told', async () => {
    const { server, started } = waiting();
    const client = await reach(builder().inMemory(server));
    const controller = new AbortController();
    const call = client.tools.call('wait', {}, { signal: controller.signal, ...onProgress });
    await until(() => started.count === 1);
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 'cancelled' });
    await until(() => started.cancelled === 1);
  });

  it.each(['memory', 'http', 'fetch'])('ends when the client closes, over %s', async (kind) => {
    const { server, started } = waiting();
    const { url } = await server.listen();
    const target = builder();
    if (kind === 'memory') target.inMemory(server);
    else target.http(url, kind === 'fetch' ? { fetch } : {});
    const client = await target.build();
    const call = client.tools.call('wait', {}, onProgress);
    const failed = expect(call).rejects.toMatchObject({ code: 'cancelled', message: 'The client was closed.' });
    await until(() => started.count === 1);
    await client.close();
    await failed;
    await expect(client.tools.call('wait')).rejects.toMatchObject({ message: 'The client was closed.' });
  });
});

it('a caller that has aborted already sends nothing', async () => {
  const { server, started } = waiting();
  const client = await reach(builder().inMemory(server));
  await expect(client.tools.call('wait', {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'cancelled',
  });
  expect(started.count).toBe(0);
});

it.each([0, -1, 1.5, Number.NaN, 2 ** 31])('refuses a timeout of %s', async (timeoutMs) => {
  const client = await reach(builder().inMemory(answering({})));
  await expect(client.tools.call('t', {}, { timeoutMs })).rejects.toMatchObject({ code: 'invalid_options' });
  expect(() => builder().timeouts({ callMs: timeoutMs })).toThrow('timeouts.callMs');
  expect(() => builder().reconnect({ maxDelayMs: timeoutMs })).toThrow('reconnect.maxDelayMs');
});

describe('what a server answers wrongly', () => {
  it('a result of an unknown type is an error', async () => {
    const client = await reach(builder().inMemory(answering({ resultType: 'surprise' })));
    await expect(client.tools.call('t')).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('a list without its entries is an error', async () => {
    const client = await reach(builder().inMemory(answering({ resultType: 'complete', tools: 'none' })));
    await expect(client.tools.list().toArray()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it.each([undefined, null, 'none', {}, { values: 'x' }])('a completion that is %o is an error', async (completion) => {
    const client = await reach(builder().inMemory(answering({ completion })));
    const ref = { type: 'ref/prompt', name: 'p' } as const;
    await expect(client.complete({ ref, argument: { name: 'a', value: '' } })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('completion') as string,
    });
  });

  it('a tool that leaves out its content has none', async () => {
    const client = await reach(builder().inMemory(answering({ resultType: 'complete' })));
    expect((await client.tools.call('t')).content).toEqual([]);
  });
});

describe('an output schema', () => {
  const output = z.object({ n: z.number() });
  it('lets through what fits', async () => {
    const client = await reach(builder().inMemory(answering({ content: [], structuredContent: { n: 1 } })));
    expect((await client.tools.call('t', {}, { output })).structuredContent?.n).toBe(1);
  });
  it('refuses what does not', async () => {
    const client = await reach(builder().inMemory(answering({ content: [], structuredContent: { n: 'one' } })));
    await expect(client.tools.call('t', {}, { output })).rejects.toMatchObject({ code: 'unavailable' });
  });
  it('does not look at errors', async () => {
    const client = await reach(builder().inMemory(answering({ content: [], isError: true })));
    expect(await client.tools.call('t', {}, { output })).toMatchObject({ isError: true });
  });
});

describe('a server that is a process', () => {
  it('fails the call that it dies in, and is started again for the next', async () => {
    const client = await stdio();
    const { version } = client.server.serverInfo as { version: string };
    await expect(client.tools.call('die')).rejects.toMatchObject({ code: 'unavailable' });
    expect(await client.tools.call('environment')).toMatchObject({ structuredContent: { FIRST: 'none' } });
    expect(client.server.serverInfo?.version).not.toBe(version);
  });

  it('stays gone if it is not to come back', async () => {
    const client = await reach(
      builder().stdio(process.execPath, ['--import', 'tsx', SCRIPT], { cwd: ROOT }).reconnect(false),
    );
    await expect(client.tools.call('die')).rejects.toMatchObject({ code: 'unavailable' });
    await client.closed;
    await expect(client.tools.call('environment')).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('has its complaints heard', async () => {
    let heard = '';
    const client = await stdio({ onStderr: (text: string) => (heard += text) });
    await client.tools.call('complain');
    await until(() => heard.includes('out of tea'));
  });

  it('that cannot be started, or is silent, is an error that comes in time', async () => {
    await expect(builder().stdio('/does/not/exist').build()).rejects.toMatchObject({ code: 'invalid_options' });
    const silent = builder().stdio(process.execPath, ['-e', 'process.stdin.resume()']).timeouts({ connectMs: 300 });
    await expect(silent.build()).rejects.toMatchObject({ code: 'timeout' });
  });

  it('takes no credentials', async () => {
    await expect(builder().stdio(process.execPath).auth(bearer('t')).build()).rejects.toThrow('auth() is for http()');
    await expect(builder().inMemory(answering({})).auth(bearer('t')).build()).rejects.toThrow('auth()');
  });
});

it('a process that closes its clients has nothing that keeps it alive', async () => {
  const script = `
    const { MCPClientBuilder, MCPServerBuilder } = await import('./packages/sdk/src/index.ts');
    const server = new MCPServerBuilder({ name: 's', version: '1' }).addTool({ name: 't', handler: () => 'x' }).build();
    const { url } = await server.listen();
    const make = () => new MCPClientBuilder({ name: 'c', version: '1' });
    for (const era of ['modern', 'legacy']) {
      const clients = [
        await make().era(era).http(url).build(),
        await make().era(era).inMemory(server).build(),
        await make().era(era).webSocket(url.replace('http', 'ws')).build(),
        await make().era(era).stdio(process.execPath, ['--import', 'tsx', '${SCRIPT}']).build(),
      ];
      for (const client of clients) {
        await client.tools.list().toArray();
        await client.subscribe({ tools: true }).catch(() => undefined);
        await client.close();
      }
    }
    await server.close();
    process.stdout.write('closed');
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { cwd: ROOT });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number];
  expect([output, code]).toEqual(['closed', 0]);
}, 30_000);

describe('the era', () => {
  it('is found out once: a builder remembers a legacy server', async () => {
    const methods: string[] = [];
    const server = await startHttp((req, res) => {
      void (async () => {
        let body = '';
        for await (const chunk of req) body += String(chunk);
        const { method, id } = JSON.parse(body) as { method: string; id?: number };
        methods.push(method);
        if (id === undefined) return res.writeHead(202).end();
        const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 's', version: '1' } };
        const answer = method === 'initialize' ? { result } : { error: { code: -32601, message: 'unknown' } };
        return res
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
      })();
    });
    open.push(server);
    const same = builder().http(server.url);
    expect((await reach(same)).era).toBe('legacy');
    expect((await reach(same)).era).toBe('legacy');
    expect(methods.filter((method) => method === 'server/discover')).toHaveLength(1);
  });
});

it('a call ends when its time is over or its caller leaves, though a user is still thinking', async () => {
  const server = new MCPServerBuilder({ name: 's', version: '1.0.0' })
    .addTool({ name: 'ask', handler: (_none, { ask }) => ask(z.object({}), 'Well?').then(() => 'answered') })
    .build();
  const client = await builder()
    .inMemory(server)
    .onElicit(() => new Promise(() => undefined))
    .build();
  await expect(client.tools.call('ask', {}, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'timeout' });
  const abort = new AbortController();
  const call = client.tools.call('ask', {}, { signal: abort.signal });
  const reason = new Error('had enough');
  abort.abort(reason);
  await expect(call).rejects.toMatchObject({ code: 'cancelled', cause: reason });
  await client.close();
  await server.close();
});

it('builds nothing without a server, and takes one only', async () => {
  await expect(builder().build()).rejects.toMatchObject({ code: 'invalid_options' });
  for (const wrong of ['x', undefined, {}, new MCPServerBuilder({ name: 's', version: '1' })])
    expect(() => builder().inMemory(wrong as never)).toThrow('inMemory() takes a server, built already');
  expect(() => builder().inMemory(answering({})).http('http://a')).toThrow('given two');
  expect(() => builder().http('http://me:hush@a')).toThrow(expect.not.stringContaining('hush'));
});

it('middleware sees every method, first the one added first', async () => {
  const seen: string[] = [];
  const client = await reach(
    builder()
      .inMemory(answering({ tools: [], content: [] }))
      .use((next) => (call) => {
        seen.push(`a ${call.method}`);
        return next(call);
      })
      .use((next) => (call) => {
        seen.push(`b ${call.method}`);
        return next(call);
      }),
  );
  await client.tools.call('t');
  await client.tools.list().toArray();
  expect(seen).toEqual(['a tools/call', 'b tools/call', 'a tools/list', 'b tools/list']);
});

it('what the caller of a handler does is told in its own words', async () => {
  const boom = new Error('the dialog broke');
  const server = new MCPServerBuilder({ name: 's', version: '1' })
    .addTool({
      name: 'ask',
      handler: async (_params, { ask, progress }) => {
        progress(1);
        await ask(z.object({ a: z.string() }), 'What?');
        return 'x';
      },
    })
    .build();
  open.push(server);
  const client = await reach(
    builder()
      .inMemory(server)
      .onElicit(() => {
        throw boom;
      }),
  );
  await expect(client.tools.call('ask', {}, { onProgress: () => undefined })).rejects.toBe(boom);
  await expect(client.tools.call('ask')).rejects.toBe(boom);
  expect(createCall('x').round).toBe(0);
});

it('declares only what can be shown', async () => {
  const declared: unknown[] = [];
  const handler: Handler = (call) => {
    const { _meta: meta } = call.params.value as { _meta: Record<string, JsonObject> };
    declared.push(meta['io.modelcontextprotocol/clientCapabilities']?.elicitation);
    return answering({ content: [] })(call);
  };
  const client = await reach(
    builder()
      .inMemory(handler)
      .onElicit(() => ({ action: 'cancel' }), { modes: ['form'] }),
  );
  await client.tools.call('t');
  expect(declared.at(-1)).toEqual({ form: {} });
});
