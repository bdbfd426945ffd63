import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { isPinned } from '../measure/cores.ts';
import type { BenchOptions } from './options.ts';
import type { Facts } from './results.ts';

/** Packages whose version matters. */
const PACKAGES = ['undici', 'ws', '@modelcontextprotocol/client', '@modelcontextprotocol/server'];
const PEERS = ['mcp-proxy', 'supergateway'];

/** What this machine and this run are. */
export function factsOf({ connections, rounds, seconds }: BenchOptions): Facts {
  const versions = [
    ...PACKAGES.map((name) => versionIn('../../', name)),
    ...PEERS.map((name) => versionIn('../peers/', name)),
  ];
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.versions.node,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    isPinned,
    versions: Object.fromEntries(versions.flat()),
    ...{ connections, rounds, seconds },
  };
}

function versionIn(folder: string, name: string): [name: string, version: string][] {
  try {
    const file = readFileSync(new URL(`${folder}node_modules/${name}/package.json`, import.meta.url), 'utf8');
    return [[name, (JSON.parse(file) as { version: string }).version]];
  } catch {
    return [];
  }
}
