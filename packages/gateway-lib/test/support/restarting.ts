import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { McpError, MCPServerBuilder, type Handler, type MCPServer } from '@org/mcp-sdk';
import type { UpstreamOptions } from '../../src/index.ts';

/**
 * A server that can be restarted. Its one tool is `gen-<n>`, another one after each start, so that a list says which
 * run it is of.
 */
export interface Restarting {
  readonly options: UpstreamOptions;
  /** Ends the run that is on, without warning. @returns the generation that ended, undefined if there was none */
  crash(): string | undefined;
  /** Starts the next run; what starts by itself does nothing. */
  start(): Promise<void>;
  /** Takes note of a generation that a list shows. */
  saw(generation: string): void;
  close(): Promise<void>;
}

const build = (generation: string): MCPServer =>
  new MCPServerBuilder({ name: 'restarting', version: '1.0.0' })
    .addTool({ name: generation, handler: () => generation })
    .build();

abstract class InThisProcess {
  #run = 0;
  protected server: MCPServer | undefined;

  protected next(): MCPServer {
    return (this.server = build(this.generation(++this.#run)));
  }

  protected generation(run = this.#run): string {
    return `gen-${run}`;
  }

  saw(): void {
    // It knows its generations.
  }
}

/** In this process: a handler that answers nothing while it is down. */
export class RestartingHandler extends InThisProcess implements Restarting {
  readonly options: UpstreamOptions;

  constructor() {
    super();
    this.next();
    const handler: Handler = (call) => {
      if (!this.server) throw new McpError('unavailable', 'it is down');
      return this.server.handler(call);
    };
    this.options = { server: handler };
  }

  crash(): string | undefined {
    const { server } = this;
    if (!server) return undefined;
    this.server = undefined;
    void server.close();
    return this.generation();
  }

  start(): Promise<void> {
    if (!this.server) this.next();
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.server?.close() ?? Promise.resolve();
  }
}

/** Over HTTP, on the same port each time. */
export class RestartingHttp extends InThisProcess implements Restarting {
  #http: Server | undefined;
  #port = 0;

  get options(): UpstreamOptions {
    return { url: `http://127.0.0.1:${this.#port}/mcp` };
  }

  crash(): string | undefined {
    const { server } = this;
    if (!server) return undefined;
    this.server = undefined;
    this.#http?.close();
    this.#http?.closeAllConnections();
    void server.close();
    return this.generation();
  }

  async start(): Promise<void> {
    if (this.server) return;
    const { handle } = this.next();
    const http = createServer((req, res) => void handle(req, res));
    this.#http = http;
    await new Promise<void>((resolve) => http.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (http.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    this.crash();
    return Promise.resolve();
  }
}

/** A legacy server in plain JavaScript, which starts fast; its generation is its process id. */
const SCRIPT = `
let rest = '';
process.stdin.setEncoding('utf8').on('end', () => process.exit(0)).on('data', (data) => {
  const lines = (rest + data).split('\\n');
  rest = lines.pop();
  for (const line of lines) {
    const { id, method } = JSON.parse(line);
    if (id === undefined) continue;
    const results = {
      initialize: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'child', version: '1' } },
      ping: {},
      'tools/list': { tools: [{ name: 'gen-' + process.pid, inputSchema: { type: 'object' } }] },
    };
    const answer = results[method] ? { result: results[method] } : { error: { code: -32601, message: 'no' } };
    process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, ...answer }) + '\\n');
  }
});
`;

/** A child process; the gateway starts it again. */
export class RestartingChild implements Restarting {
  readonly options: UpstreamOptions = { command: process.execPath, args: ['-e', SCRIPT] };
  /** Every process that was ever seen. */
  readonly pids = new Set<number>();
  #current: number | undefined;
  #crashes = 0;

  crash(): string | undefined {
    const pid = this.#current;
    // Six in a minute, and the gateway would give it up.
    if (pid === undefined || this.#crashes === 3) return undefined;
    this.#crashes++;
    this.#current = undefined;
    process.kill(pid, 'SIGKILL');
    return `gen-${pid}`;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  saw(generation: string): void {
    const pid = Number(generation.slice('gen-'.length));
    if (this.pids.has(pid)) return;
    this.pids.add(pid);
    this.#current = pid;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
