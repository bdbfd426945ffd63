import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MCPClientBuilder, MCPServerBuilder, type NodeHandler } from '@org/mcp-sdk';

const forge = (name: string) =>
  new MCPServerBuilder({ name, version: '1.0.0' })
    .addTool({ name: 'search', handler: () => `found at ${name}` })
    .addTool({ name: 'delete_repo', handler: () => 'gone' })
    .addResource({ uri: 'doc://readme', name: 'readme', handler: () => `readme of ${name}` })
    .build();
const github = forge('github');
const gitlab = forge('gitlab');

// #region select
import { Gateway } from '@org/mcp-gateway';

const gateway = new Gateway({
  upstreams: {
    github: {
      server: github,
      tools: {
        exclude: ['delete_*'],
        rename: { search: 'find_code' },
        describe: { search: { description: 'Finds code in our repositories.' } },
      },
    },
    gitlab: { server: gitlab, tools: ['search'], resources: [] },
  },
});
// #endregion

const names = async (from: Pick<Gateway, 'call'>) =>
  ((await from.call('tools/list')).tools as { name: string }[]).map(({ name }) => name);
assert.deepEqual(await names(gateway), ['find_code', 'gitlab_search']);
await assert.rejects(gateway.call('tools/call', { name: 'github_delete_repo' }), { code: 'not_found' });

const folder = await mkdtemp(join(tmpdir(), 'names-'));
const file = join(folder, 'names.json');

// #region record
import type { NameRecord } from '@org/mcp-gateway';

await writeFile(file, JSON.stringify(gateway.names()));

const next = new Gateway({
  upstreams: { gitlab: { server: gitlab }, github: { server: github } },
  naming: 'conflict',
  names: JSON.parse(await readFile(file, 'utf8')) as NameRecord,
});
// #endregion

assert.deepEqual(await names(next), ['delete_repo', 'find_code', 'github_delete_repo', 'gitlab_search']);
await next.close();

// #region view
const support = gateway.view({
  name: 'support',
  instructions: 'Look things up; change nothing.',
  tools: ['*search', 'find_*'],
  resources: { exclude: ['*://secrets/*'] },
});
const gitlabOnly = gateway.view({ name: 'gitlab', upstreams: ['gitlab'] });
// #endregion

// #region mount
const routes: Record<string, NodeHandler> = {
  '/mcp': gateway.handle,
  '/mcp/support': support.handle,
  '/mcp/gitlab': gitlabOnly.handle,
};
const listener = createServer((req, res) => {
  const handle = routes[req.url ?? ''];
  if (handle) void handle(req, res);
  else res.writeHead(404).end();
}).listen(0, '127.0.0.1');
// #endregion

await new Promise((resolve) => listener.once('listening', resolve));
const { port } = listener.address() as AddressInfo;
const client = await new MCPClientBuilder({ name: 'desk', version: '1.0.0' })
  .http(`http://127.0.0.1:${port}/mcp/gitlab`)
  .build();
assert.deepEqual(
  (await client.tools.list().toArray()).map(({ name }) => name),
  ['gitlab_search'],
);
assert.deepEqual(await names(support), ['find_code', 'gitlab_search']);
await client.close();

// #region close
await support.close();
// #endregion

await gateway.close();
listener.close();
listener.closeAllConnections();

// #region conflicts
const both = new Gateway({
  upstreams: { github: { server: github }, gitlab: { server: gitlab } },
  resources: 'namespaced',
});
// #endregion

await both.call('resources/list');
const { contents } = await both.call('resources/read', { uri: 'mcp.gitlab+doc://readme' });
assert.deepEqual(contents, [{ uri: 'mcp.gitlab+doc://readme', text: 'readme of gitlab' }]);
await both.close();
await rm(folder, { recursive: true });
