import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Gateway, type UpstreamOptions } from '@org/mcp-gateway';
import { createCalc } from './calc.ts';
import type { Cleanup } from './cleanup.ts';
import type { Options } from './options.ts';
import { startReplicas } from './replicas.ts';

const { resolve } = createRequire(import.meta.url);
/** The folder that the `files` server may read. */
const FILES = fileURLToPath(new URL('files', import.meta.url));

/** A call that the demonstration makes. */
export interface SampleCall {
  readonly upstream: string;
  readonly tool: string;
  readonly arguments: Record<string, unknown>;
}

/** One call per sample upstream. */
export const SAMPLE_CALLS: readonly SampleCall[] = [
  { upstream: 'calc', tool: 'calculate', arguments: { expression: '-(2 + 3) * 4.5 / 2' } },
  { upstream: 'everything', tool: 'echo', arguments: { message: 'Hello, gateway!' } },
  { upstream: 'files', tool: 'read_text_file', arguments: { path: `${FILES}/welcome.txt` } },
  { upstream: 'weather', tool: 'forecast', arguments: { city: 'Lisbon' } },
];

/** Makes the gateway: of a config file if one is given, else of the samples. Nothing but the replicas is started yet. */
export async function createGateway({ config, naming }: Options, cleanup: Cleanup): Promise<Gateway> {
  if (config !== undefined) return Gateway.fromConfig(config, { naming });
  return new Gateway({ naming, upstreams: await sampleUpstreams(cleanup) });
}

/** A server in this process, two child processes, and two replicas over HTTP. */
async function sampleUpstreams(cleanup: Cleanup): Promise<Record<string, UpstreamOptions>> {
  const replicas = await startReplicas(2, cleanup);
  return {
    calc: { server: createCalc() },
    everything: nodeServer('@modelcontextprotocol/server-everything/dist/index.js'),
    files: nodeServer('@modelcontextprotocol/server-filesystem/dist/index.js', FILES),
    weather: { endpoints: replicas.map((url) => ({ url })) },
  };
}

/** A server of `node_modules`, run by the Node that runs this: nothing is fetched. */
const nodeServer = (file: string, ...args: string[]): UpstreamOptions => ({
  command: process.execPath,
  args: [resolve(file), ...args],
});
