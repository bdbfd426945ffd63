import { Client as V2Client, StreamableHTTPClientTransport as V2Http } from '@modelcontextprotocol/client';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as V1Http } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { MCPClientBuilder } from '../src/client/builder.ts';
import { MCPServerBuilder } from '../src/server/builder.ts';
import type { Call } from '../src/core/call.ts';
import type { Handler } from '../src/core/handler.ts';
import { Payload } from '../src/core/payload.ts';
import { resultReply, type Reply } from '../src/core/reply.ts';
import { serveHttp } from '../src/serve/http.ts';
import { listenHttp } from '../src/serve/listen.node.ts';
import { createInMemoryTransport } from '../src/serve/in-memory.ts';

const INFO = { name: 'tester', version: '0.0.1' };
const CAPABILITIES = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
const FORM = { message: 'Who?', requestedSchema: { type: 'object', properties: { name: { type: 'string' } } } };
const SAMPLE = { messages: [{ role: 'user', content: { type: 'text', text: 'Hi' } }], maxTokens: 5 };

const reply = (value: Record<string, unknown>): Reply => resultReply(Payload.of(value));
const text = (value: unknown): Reply =>
  reply({ resultType: 'complete', content: [{ type: 'text', text: JSON.stringify(value) }] });

/** Asks for everything in the first round, once more in the second, and tells of the answers. */
const asking: Handler = (call: Call) => {
  const { requestState, inputResponses, name } = call.params.value;
  if (call.method === 'server/discover') return Promise.resolve(reply({ capabilities: { tools: {} } }));
  if (call.method === 'tools/list')
    return Promise.resolve(
      reply({ resultType: 'complete', tools: [{ name: 'ask', inputSchema: { type: 'object' } }] }),
    );
  if (call.round === 0 && name === 'url')
    return Promise.resolve(input({ u: elicit({ mode: 'url', message: 'Go', url: 'https://x.example' }) }));
  if (call.round === 0)
    return Promise.resolve(
      input(
        {
          who: elicit(FORM),
          say: { method: 'sampling/createMessage', params: SAMPLE },
          where: { method: 'roots/list' },
        },
        's1',
      ),
    );
  if (requestState === 's1' && name === 'ask twice') return Promise.resolve(input({ who: elicit(FORM) }, 's2'));
  return Promise.resolve(text({ round: call.round, requestState, inputResponses }));
};

const elicit = (params: object): object => ({ method: 'elicitation/create', params });
const input = (inputRequests: object, requestState?: string): Reply =>
  reply({ resultType: 'input_required', inputRequests, ...(requestState === undefined ? {} : { requestState }) });

const ANSWERS = {
  who: { action: 'accept', content: { name: 'Ada' } },
  say: { role: 'assistant', model: 'm', content: { type: 'text', text: 'Ho' } },
  where: { roots: [{ uri: 'file:///r' }] },
};

function v1(capabilities: object = CAPABILITIES): V2Client {
  const client = new V1Client(INFO, { capabilities });
  if ('elicitation' in capabilities)
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => elicited(params) as never);
  if ('sampling' in capabilities) client.setRequestHandler(CreateMessageRequestSchema, () => ANSWERS.say as never);
  if ('roots' in capabilities) client.setRequestHandler(ListRootsRequestSchema, () => ANSWERS.where);
  return client as unknown as V2Client;
}

function v2(): V2Client {
  const client = new V2Client(INFO, { capabilities: CAPABILITIES, versionNegotiation: { mode: 'legacy' } });
  client.setRequestHandler('elicitation/create', ({ params }) => elicited(params) as never);
  client.setRequestHandler('sampling/createMessage', () => ANSWERS.say as never);
  client.setRequestHandler('roots/list', () => ANSWERS.where);
  return client;
}

/** A link is accepted if it has its id. */
const elicited = (params: { mode?: string | undefined; elicitationId?: string | undefined }): object =>
  params.mode === 'url' ? { action: params.elicitationId ? 'accept' : 'decline' } : ANSWERS.who;

async function connected(
  client: V2Client,
  transport: 'HTTP' | 'in memory',
  isV1: boolean,
): Promise<() => Promise<void>> {
  if (transport === 'in memory') {
    await client.connect(createInMemoryTransport(asking) as never);
    return () => client.close();
  }
  const http = serveHttp(asking);
  const server = await listenHttp(http.handle);
  const url = new URL(server.url);
  await client.connect(isV1 ? new V1Http(url) : new V2Http(url));
  return async () => {
    await client.close();
    http.close();
    await server.close();
  };
}

const contentOf = (result: unknown): unknown => JSON.parse((result as { content: [{ text: string }] }).content[0].text);

describe.each(['HTTP', 'in memory'] as const)('a legacy caller over %s', (transport) => {
  describe.each(['v1', 'v2'] as const)('with the official client %s', (sdk) => {
    it('is asked, and its answers reach the handler', async () => {
      const client = sdk === 'v1' ? v1() : v2();
      const close = await connected(client, transport, sdk === 'v1');
      const once = await client.callTool({ name: 'ask', arguments: {} });
      expect(contentOf(once)).toEqual({ round: 1, requestState: 's1', inputResponses: ANSWERS });
      const twice = await client.callTool({ name: 'ask twice', arguments: {} });
      expect(contentOf(twice)).toEqual({ round: 2, requestState: 's2', inputResponses: { who: ANSWERS.who } });
      const url = await client.callTool({ name: 'url', arguments: {} });
      expect(contentOf(url)).toEqual({ round: 1, inputResponses: { u: { action: 'accept' } } });
      await close();
    });
  });

  it('is not asked what it did not offer to answer', async () => {
    const client = v1({ elicitation: {} });
    const close = await connected(client, transport, true);
    await expect(client.callTool({ name: 'ask', arguments: {} })).rejects.toMatchObject({ code: -32021 });
    await close();
  });
});

describe.each(['modern', 'legacy'] as const)('a tool with many questions, called in the %s era', (era) => {
  const form = z.object({ ok: z.boolean() });
  const server = new MCPServerBuilder({ name: 's', version: '1' })
    .addTool({
      name: 'survey',
      parameters: z.object({ questions: z.number() }),
      handler: async ({ questions }, { ask }) => {
        for (let index = 0; index < questions; index++) await ask(form, `${index}?`);
        return 'thanks';
      },
    })
    .build();

  it('may ask in 32 rounds, and no more', async () => {
    const client = await new MCPClientBuilder(INFO)
      .inMemory(server)
      .era(era)
      .onElicit(() => ({ action: 'accept', content: { ok: true } }))
      .build();
    const { content } = await client.tools.call('survey', { questions: 32 });
    expect(content).toMatchObject([{ text: 'thanks' }]);
    await expect(client.tools.call('survey', { questions: 33 })).rejects.toThrow('in more than 32 rounds');
    await client.close();
  });
});
