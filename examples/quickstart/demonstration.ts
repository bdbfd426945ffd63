import { Client, StreamableHTTPClientTransport, type CallToolResult } from '@modelcontextprotocol/client';
import type { SampleCall } from './upstreams.ts';
import { createTable, type Print, type Table } from './tables.ts';

/** How the official client is told which era to speak. */
const ERAS = { modern: { pin: '2026-07-28' }, legacy: 'legacy' } as const;
type EraName = keyof typeof ERAS;

/** Limit for each request. Unit: ms. */
const REQUEST = { timeout: 10_000 };

/** What the demonstration needs. */
export interface DemonstrationOptions {
  /** The gateway as a client reaches it. */
  readonly url: string;
  /** What to call; nothing else is called. */
  readonly calls: readonly SampleCall[];
  readonly print: Print;
}

/** Lets the official client talk to the gateway in each era. @returns whether all of it worked */
export async function demonstrate(options: DemonstrationOptions): Promise<boolean> {
  const table = createTable(
    [
      { title: 'ERA', width: 6 },
      { title: 'UPSTREAM', width: 10 },
      { title: 'REQUEST', width: 24 },
      { title: 'RESULT', width: 42 },
      { title: 'MS', width: 6, align: 'right' },
    ],
    options.print,
  );
  const modern = await demonstrateEra('modern', options, table);
  const legacy = await demonstrateEra('legacy', options, table);
  return modern && legacy;
}

async function demonstrateEra(era: EraName, { url, calls }: DemonstrationOptions, table: Table): Promise<boolean> {
  const client = new Client({ name: 'quickstart', version: '1.0.0' }, { versionNegotiation: { mode: ERAS[era] } });
  const show = (upstream: string, request: string, work: () => Promise<string>): Promise<boolean> =>
    showStep(table, [era, upstream, request], work);
  try {
    if (!(await show('all', 'connect', () => connect(client, url)))) return false;
    let names: string[] = [];
    const listed = await show('all', 'tools/list', async () => {
      names = (await client.listTools({}, REQUEST)).tools.map(({ name }) => name);
      return `${names.length} tools`;
    });
    const called = [];
    for (const call of calls) {
      const name = publicName(names, call);
      called.push(await show(call.upstream, name, () => callTool(client, name, call)));
    }
    return listed && !called.includes(false);
  } finally {
    await client.close();
  }
}

/** Does one thing and prints what came of it. */
async function showStep(table: Table, cells: readonly string[], work: () => Promise<string>): Promise<boolean> {
  const startedAt = performance.now();
  const tookMs = (): string => (performance.now() - startedAt).toFixed(1);
  try {
    const result = await work();
    table.row(...cells, result, tookMs());
    return true;
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    table.row(...cells, ['failed', 'bad'], tookMs());
    table.note(message);
    return false;
  }
}

async function connect(client: Client, url: string): Promise<string> {
  await client.connect(new StreamableHTTPClientTransport(new URL(url)), REQUEST);
  return `speaks ${client.getNegotiatedProtocolVersion() ?? 'no known revision'}`;
}

async function callTool(client: Client, name: string, call: SampleCall): Promise<string> {
  const result = await client.callTool({ name, arguments: call.arguments }, REQUEST);
  const text = textOf(result);
  if (result.isError) throw new Error(text);
  return text;
}

const textOf = ({ content }: CallToolResult): string =>
  content.map((block) => (block.type === 'text' ? block.text : `(${block.type})`)).join(' ');

/** What a tool is called here; that depends on `--naming`. */
const publicName = (names: readonly string[], { upstream, tool }: SampleCall): string =>
  names.find((name) => name === `${upstream}_${tool}`) ?? tool;
