// Legacy servers that offer tools by what their client can be asked; lists are read by a client that can be asked everything.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { createCall, type Era, type JsonObject } from '@org/mcp-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { Gateway } from '../src/index.ts';
import { startSessions } from './support/legacy-sessions.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** `draw` is there for clients that can be asked to sample; `fail` is there for all, and fails. */
function sometimes(): McpServer {
  const server = new McpServer({ name: 'sometimes', version: '1' }, { capabilities: { tools: { listChanged: true } } });
  server.registerTool('fail', {}, () => Promise.reject(new Error('out of tea')));
  server.server.oninitialized = () => {
    if (server.server.getClientCapabilities()?.sampling)
      server.registerTool('draw', {}, () => ({ content: [{ type: 'text', text: 'drawn' }] }));
  };
  return server;
}

async function gatewayTo(): Promise<Gateway> {
  const { url, close } = await startSessions(sometimes);
  const gateway = new Gateway({ upstreams: { up: { url } } });
  ends.push(close, () => gateway.close());
  return gateway;
}

describe.each<Era>(['modern', 'legacy'])('a tool that a server offers only to some clients, to a %s caller', (era) => {
  const call = async (gateway: Gateway, name: string, clientCapabilities: JsonObject): Promise<JsonObject> => {
    const made = createCall('tools/call', { name, arguments: {} }, { clientCapabilities });
    return (await gateway.handler({ ...made, era })).result();
  };

  it('is called by who declares what it needs', async () => {
    const gateway = await gatewayTo();
    expect(await call(gateway, 'up_draw', { sampling: {} })).toMatchObject({ content: [{ text: 'drawn' }] });
  });

  it('is refused with what others lack', async () => {
    const gateway = await gatewayTo();
    const { tools } = await gateway.call('tools/list');
    expect(tools).toMatchObject([{ name: 'up_draw' }, { name: 'up_fail' }]);
    await expect(call(gateway, 'up_draw', { elicitation: { form: {}, url: {} } })).rejects.toMatchObject({
      code: 'missing_client_capability',
      message: expect.stringMatching(/Upstream "up": the tool "draw" .* lacks some of: sampling/) as string,
      data: { requiredCapabilities: { sampling: {} } },
    });
  });

  it('fails in its own words if it is there', async () => {
    const failed = await call(await gatewayTo(), 'up_fail', {});
    expect(failed).toMatchObject({ isError: true, content: [{ text: 'out of tea' }] });
  });
});
