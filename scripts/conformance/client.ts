// The client that the public conformance suite judges, made with the builder. The suite starts it for one scenario at a
// time, with the URL of a server of its own as last argument. With --through-gateway a gateway stands between the two.
import { createServer } from 'node:http';
import { Gateway } from '@org/mcp-gateway';
import { MCPClientBuilder, type MCPClient } from '@org/mcp-sdk';
import { authFor } from './credentials.ts';
import { listening } from './listening.ts';

interface ToolCall {
  readonly name: string;
  readonly arguments: Record<string, unknown>;
}
/** What a scenario says to its client besides the URL. */
interface Told {
  readonly toolCalls?: readonly ToolCall[];
}
type Program = (client: MCPClient, told: Told) => Promise<unknown>;

const { MCP_CONFORMANCE_SCENARIO: scenario = '', MCP_CONFORMANCE_CONTEXT: context = '{}' } = process.env;
const url = process.argv.at(-1) ?? '';

const SKILL = 'skill://pdf-processing/SKILL.md';
const PROGRAMS: Readonly<Record<string, Program>> = {
  initialize: (client) => client.tools.list().toArray(),
  tools_call: (client) => client.tools.call('add_numbers', { a: 5, b: 3 }),
  'elicitation-sep1034-client-defaults': (client) => client.tools.call('test_client_elicitation_defaults'),
  'sse-retry': (client) => client.tools.call('test_reconnection'),
  'request-metadata': (client) => client.tools.list().toArray(),
  'sep-2322-client-request-state': callRounds,
  'http-standard-headers': callOneOfEach,
  'http-custom-headers': callAsTold,
  'http-invalid-tool-headers': callAllListed,
  'json-schema-ref-no-deref': (client) => client.tools.list().toArray(),
  'json-schema-2020-12-preservation': echoSchema,
  'sep-2640-client-no-prefetch': (client) => client.request('skills/list'),
};

const gateway = process.argv.includes('--through-gateway')
  ? new Gateway({ upstreams: { suite: { url } }, naming: 'never' })
  : undefined;
const listener = gateway && createServer((req, res) => void gateway.handle(req, res));
const client = await build(listener ? await listening(listener) : url);
try {
  await programOf(scenario)(client, JSON.parse(context) as Told);
} finally {
  await client.close();
  await gateway?.close();
  listener?.close();
}

async function build(reached: string): Promise<MCPClient> {
  const builder = new MCPClientBuilder({ name: 'conformance', version: '1.0.0' }).http(reached);
  const auth = authFor(scenario, JSON.parse(context) as Record<string, string>);
  if (auth) builder.auth(auth);
  if (scenario.includes('elicitation')) builder.onElicit(() => ({ action: 'accept', content: {} }));
  if (scenario.startsWith('sep-2322')) builder.onElicit(() => ({ action: 'accept', content: { confirmed: true } }));
  return builder.timeouts({ connectMs: 10_000, callMs: 10_000 }).build();
}

function programOf(name: string): Program {
  if (name.startsWith('auth/')) return callBehindAuth;
  if (name.startsWith('sep-2640-client-verify')) return loadSkill;
  const program = PROGRAMS[name];
  if (program) return program;
  throw new Error(`The client has no program for the scenario ${name}.`);
}

async function callBehindAuth({ tools }: MCPClient): Promise<void> {
  for await (const { name } of tools.list()) await tools.call(name);
}

/** The client knows skills as any other method: it verifies nothing. */
async function loadSkill(it: MCPClient): Promise<void> {
  await it.request('skills/list');
  await it.resources.read(SKILL);
  await it.resources.read('skill://pdf-processing/references/FORMS.md');
}

async function callRounds({ tools }: MCPClient): Promise<void> {
  for (const name of ['test_mrtr_echo_state', 'test_mrtr_no_state', 'test_mrtr_unrelated']) await tools.call(name);
  await tools.call('test_mrtr_no_result_type').catch(() => undefined);
}

async function callOneOfEach({ tools, resources, prompts }: MCPClient): Promise<void> {
  for await (const { name } of tools.list()) await tools.call(name);
  for await (const { uri } of resources.list()) await resources.read(uri);
  for await (const { name } of prompts.list()) await prompts.get(name);
}

async function callAsTold({ tools }: MCPClient, { toolCalls = [] }: Told): Promise<void> {
  await tools.list().toArray();
  for (const call of toolCalls) await tools.call(call.name, call.arguments);
}

async function callAllListed({ tools }: MCPClient): Promise<void> {
  for await (const { name } of tools.list()) await tools.call(name, { region: 'us-west1' }).catch(() => undefined);
}

async function echoSchema({ tools }: MCPClient): Promise<void> {
  const focal = (await tools.list().toArray()).find(({ name }) => name === 'json_schema_2020_12_tool');
  await tools.call('json_schema_echo', { schema: focal?.inputSchema });
}
