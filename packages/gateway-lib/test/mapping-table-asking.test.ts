// The rows of the mapping tables of the design in which somebody is asked.
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { createCall, MCPClientBuilder, type Call, type JsonObject } from '@org/mcp-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { Gateway, type UpstreamOptions } from '../src/index.ts';
import { textOf } from './support/children.ts';
import { listen } from './support/clients.ts';
import { legacyServer, modernServer, startLegacyHttp } from './support/mapping.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

function gatewayTo(upstream: UpstreamOptions): Gateway {
  const gateway = new Gateway({ upstreams: { up: upstream }, naming: 'never', sse: true });
  open.push(gateway);
  return gateway;
}

type Transport = 'Streamable HTTP' | 'HTTP+SSE';

/** An official v1 client that answers what it is asked, and remembers it. */
async function v1Caller(
  gateway: Gateway,
  transport: Transport = 'Streamable HTTP',
  elicitation: { form?: Record<string, never>; url?: object } = { form: {}, url: {} },
): Promise<{ client: V1Client; asked: JsonObject[] }> {
  const listener = await listen(gateway);
  const asked: JsonObject[] = [];
  const client = new V1Client({ name: 'v1', version: '1' }, { capabilities: { elicitation, sampling: {}, roots: {} } });
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    asked.push(params);
    return params.mode === 'url' ? { action: 'accept' } : { action: 'accept', content: { city: 'Lisbon' } };
  });
  client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => {
    asked.push(params);
    return { model: 'm', role: 'assistant', content: { type: 'text', text: 'sampled' } };
  });
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: 'file:///root' }] }));
  const Transport = transport === 'HTTP+SSE' ? SSEClientTransport : StreamableHTTPClientTransport;
  await client.connect(new Transport(new URL(listener.url)));
  open.push(listener, client);
  return { client, asked };
}

const modernCall = (name: string, elicitation: JsonObject, retry: JsonObject = {}): Call =>
  createCall('tools/call', { name, arguments: {}, ...retry }, { clientCapabilities: { elicitation } });

describe.each<Transport>(['Streamable HTTP', 'HTTP+SSE'])('asking the user of a legacy caller over %s', (transport) => {
  it('is a request on its session, then the call is made again', async () => {
    const { client } = await v1Caller(gatewayTo({ server: modernServer() }), transport);
    const result = await client.callTool({ name: 'survey', arguments: {} });
    expect(textOf(result)).toBe('Lisbon, sampled, file:///root');
  });

  it('has progress that increases over all rounds, in order', async () => {
    const { client } = await v1Caller(gatewayTo({ server: modernServer() }), transport);
    const seen: number[] = [];
    const onprogress = ({ progress }: { progress: number }): number => seen.push(progress);
    await client.callTool({ name: 'rounds', arguments: {} }, undefined, { onprogress });
    // The last comes in one read with the result, which the official client may drop over a shared stream.
    expect(seen.slice(0, 1)).toEqual([5]);
    expect([5, 7].slice(0, seen.length)).toEqual(seen);
  });
});

describe('asking the user of a modern caller', () => {
  it('is input_required of a modern upstream', async () => {
    const reply = await gatewayTo({ server: modernServer() }).handler(modernCall('rounds', { form: {} }));
    expect(await reply.result()).toMatchObject({
      resultType: 'input_required',
      inputRequests: expect.anything() as unknown,
      requestState: expect.any(String) as unknown,
    });
  });
});

describe.each(['modern', 'legacy'] as const)('a legacy upstream that asks a %s caller', (era) => {
  it('is answered in the middle of its call', async () => {
    const http = await startLegacyHttp();
    open.push(http);
    const gateway = gatewayTo({ url: http.url });
    const listener = await listen(gateway);
    const client = await new MCPClientBuilder({ name: 'c', version: '1' })
      .era(era === 'legacy' ? 'legacy' : 'auto')
      .onElicit(({ message }) => ({ action: 'accept', content: { city: `Lisbon (${message})` } }))
      .http(listener.url)
      .build();
    open.push(listener, client);
    expect(client.era).toBe(era);
    expect(await client.tools.call('survey')).toMatchObject({ content: [{ text: 'Lisbon (Where to?)' }] });
  });
});

describe('URL elicitation', () => {
  it('of a modern upstream has an id for a legacy caller', async () => {
    const { client, asked } = await v1Caller(gatewayTo({ server: modernServer() }));
    expect(textOf(await client.callTool({ name: 'page', arguments: {} }))).toBe('accept');
    expect(asked).toMatchObject([{ mode: 'url', url: 'https://example.com/pay', message: 'Pay first.' }]);
    expect(asked[0]?.elicitationId).toMatch(/^[\w-]{22}$/);
  });

  it('of a modern upstream is refused for a legacy caller that opens no pages', async () => {
    const { client, asked } = await v1Caller(gatewayTo({ server: modernServer() }), 'Streamable HTTP', { form: {} });
    await expect(client.callTool({ name: 'page', arguments: {} })).rejects.toMatchObject({ code: -32021 });
    expect(asked).toEqual([]);
  });

  it('of a legacy upstream (-32042) is input_required, and the call again once the page is open', async () => {
    const gateway = gatewayTo({ server: legacyServer().server });
    const first = await (await gateway.handler(modernCall('pay', { url: {} }))).result();
    expect(first).toMatchObject({ resultType: 'input_required' });
    const [[key, question] = ['', {}]] = Object.entries(first.inputRequests as JsonObject);
    expect(question).toEqual({
      method: 'elicitation/create',
      params: { mode: 'url', url: 'https://example.com/pay', message: 'Pay first.' },
    });
    const retry = { inputResponses: { [key]: { action: 'accept' } } };
    expect(textOf(await (await gateway.handler(modernCall('pay', { url: {} }, retry))).result())).toBe('paid');
  });

  it('of a legacy upstream is an error of the modern era for who opens none, and a failed tool once the page is refused', async () => {
    const gateway = gatewayTo({ server: legacyServer().server });
    const result = async (call: Call): Promise<unknown> => (await gateway.handler(call)).result();
    await expect(result(modernCall('pay', { form: {} }))).rejects.toMatchObject({ rpc: { code: -32021 } });
    const retry = { inputResponses: { 'url-1': { action: 'decline' } } };
    expect(await result(modernCall('pay', { url: {} }, retry))).toMatchObject({
      resultType: 'complete',
      isError: true,
      content: [{ type: 'text', text: 'The user did not open the page.' }],
    });
  });

  it('of a legacy upstream is asked of a legacy caller', async () => {
    const { client, asked } = await v1Caller(gatewayTo({ server: legacyServer().server }));
    expect(textOf(await client.callTool({ name: 'pay', arguments: {} }))).toBe('paid');
    expect(asked).toMatchObject([{ mode: 'url', elicitationId: expect.any(String) as unknown }]);
  });

  it('ends untold for modern callers, and told for legacy ones', async () => {
    const methods = async (era: 'modern' | 'legacy'): Promise<unknown[]> => {
      const http = await startLegacyHttp();
      open.push(http);
      const gateway = gatewayTo({ url: http.url });
      const retry = { inputResponses: {} };
      const clientCapabilities = { elicitation: { url: {} } };
      await gateway.handler(modernCall('pay', { url: {} }));
      const call = createCall(
        'tools/call',
        { name: 'pay', arguments: {}, ...retry },
        { progressToken: 't', clientCapabilities },
      );
      const seen: unknown[] = [];
      for await (const message of (await gateway.handler({ ...call, era })).messages())
        if (message.kind === 'notification') seen.push(message.method);
      return seen;
    };
    expect(await methods('modern')).toEqual(['notifications/progress']);
    expect(await methods('legacy')).toEqual(['notifications/elicitation/complete', 'notifications/progress']);
  });
});
