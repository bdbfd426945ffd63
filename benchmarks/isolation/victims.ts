import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Gateway } from '@org/mcp-gateway';

const SERVER = fileURLToPath(new URL('server.ts', import.meta.url));

/** How to start the server of this benchmark as a stdio child. */
export const stdioServer = { command: process.execPath, args: [...process.execArgv, SERVER] };

/** The server of this benchmark over HTTP, in a process that can be started again on its port. */
export class HttpVictim {
  url = '';
  #process: ChildProcess | undefined;

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Starts it, on the port it had before if it had one. */
  async start(): Promise<void> {
    const port = this.url === '' ? '0' : new URL(this.url).port;
    const child = fork(SERVER, [port]);
    this.#process = child;
    this.url = await new Promise<string>((resolve) => {
      child.once('message', (message: { url: string }) => {
        resolve(message.url);
      });
    });
  }

  end(): void {
    this.#process?.kill('SIGKILL');
  }
}

/** The process id that the `pid` tool of an upstream answers with. */
export async function pidOf(gateway: Gateway, upstream: string): Promise<number> {
  const { content } = await gateway.call('tools/call', { name: `${upstream}_pid`, arguments: {} });
  return Number((content as { text: string }[])[0]?.text);
}
