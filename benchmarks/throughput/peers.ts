import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Child } from '../measure/child-process.ts';
import { onCore, SERVER_CORE } from '../measure/cores.ts';
import { stdioCommand } from './stdio-command.ts';

/** Programs from npm that put a server on standard streams behind Streamable HTTP. */
export type PeerName = 'mcp-proxy' | 'supergateway';

const FOLDER = fileURLToPath(new URL('../peers/', import.meta.url));
const { command, args } = stdioCommand('legacy');

/** File of each and its arguments. */
const PEERS: Readonly<Record<PeerName, (port: number) => { readonly file: string; readonly args: string[] }>> = {
  'mcp-proxy': (port) => ({
    file: 'mcp-proxy/dist/bin/mcp-proxy.mjs',
    args: ['--host', '127.0.0.1', '--port', String(port), '--server', 'stream', '--', command, ...args],
  }),
  supergateway: (port) => ({
    file: 'supergateway/dist/index.js',
    args: [
      ...['--stdio', [command, ...args].map((part) => JSON.stringify(part)).join(' ')],
      ...['--outputTransport', 'streamableHttp', '--stateful', '--logLevel', 'none', '--port', String(port)],
    ],
  }),
};

/** Installs the peers if they are not there. @returns what is left out if that could not be done, and why */
export function installPeers(): string | undefined {
  if (existsSync(`${FOLDER}node_modules/supergateway`)) return undefined;
  process.stderr.write('bench: installing the peers (once, 105 MB)\n');
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock', '--loglevel=error'];
  const { status } = spawnSync('npm', ['install', ...flags], { cwd: FOLDER, stdio: ['ignore', 2, 2] });
  return status === 0 ? undefined : 'the programs from npm, which could not be installed (is there a network?)';
}

/** Starts one, with its usage told like that of our own children. */
export async function startPeer(name: PeerName): Promise<{ readonly child: Child; readonly url: string }> {
  const port = await freePort();
  const { file, args: argv } = PEERS[name](port);
  const child = new Child(new URL(`../peers/node_modules/${file}`, import.meta.url), {
    ...onCore(SERVER_CORE),
    args: argv,
    execArgv: ['--import', fileURLToPath(new URL('report-cpu.ts', import.meta.url))],
    isQuiet: true,
  });
  const url = `http://127.0.0.1:${port}/mcp`;
  await untilAnswered(url);
  return { child, url };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

const START_SECONDS = 20;

async function untilAnswered(url: string): Promise<void> {
  const end = performance.now() + START_SECONDS * 1000;
  while (performance.now() < end) {
    const isThere = await fetch(url, { method: 'DELETE' }).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} did not answer within ${START_SECONDS} s`);
}
