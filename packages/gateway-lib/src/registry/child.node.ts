import type { Telemetry } from '@org/mcp-sdk';
import {
  connect,
  connectStarted,
  EraVerdict,
  linkOverChannel,
  type Connection,
  type ConnectOptions,
  type Link,
} from '@org/mcp-sdk/connect';
import { startChild, type Child } from '@org/mcp-sdk/node';
import { isAtWork } from './busy.node.ts';
import type { ConnectContext } from './in-process.ts';
import type { Transport } from './transport.ts';
import { withPing } from './with-ping.ts';

/** A server that is started as a child process and spoken to on its standard streams. */
export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the child, besides what every program needs to start. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
  readonly upstream: string;
  readonly telemetry: Telemetry;
}

/** A line of stderr is cut here. Unit: characters. */
const MAX_LOG_LINE = 2_000;

/** A child process as an endpoint. */
export function overChild({ upstream, telemetry, ...program }: ChildOptions, context: ConnectContext): Transport {
  const verdict = new EraVerdict(context.clock);
  // Arguments may hold credentials.
  const label = program.command;
  const log = (line: string): void => {
    telemetry.record({ name: 'upstream.stderr', severity: 'info', fields: { upstream, line } });
  };
  return {
    kind: 'stdio',
    label,
    supervised: true,
    async open(signal, terms) {
      const started: Child[] = [];
      const start = async (): Promise<Link> => {
        const lines = new LogLines(log);
        const onStderr = (text: string): void => {
          lines.push(text);
        };
        // The gateway ends it when the host closes the gateway.
        const child = await startChild({ ...program, onStderr, isDrained: true });
        void child.ended.then(() => {
          lines.end();
        });
        started.push(child);
        return linkOverChannel(child.channel, label);
      };
      const connection = await connectStarted(start, { ...context, ...terms, signal, verdict }, connectOrEnd);
      return withPing(connection, { ping: (until) => pingOrLook(started.at(-1), connection, until) });
    },
  };
}

/** Waits for the end of a server that cannot be spoken to: none may be left when the gateway is closed. */
async function connectOrEnd(link: Link, options: ConnectOptions): Promise<Connection> {
  try {
    return await connect(link, options);
  } catch (thrown) {
    await link.close();
    throw thrown;
  }
}

/** A child that computes answers late: what tells it from a frozen one is that it is not stopped. */
async function pingOrLook(child: Child | undefined, connection: Connection, signal: AbortSignal): Promise<void> {
  try {
    await connection.ping(signal);
  } catch (thrown) {
    if (!signal.aborted || !child || child.hasEnded || !(await isAtWork(child.pid))) throw thrown;
  }
}

/** Cuts what a program writes into lines. */
class LogLines {
  readonly #log: (line: string) => void;
  #rest = '';

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split(/\r?\n/);
    this.#rest = (lines.pop() ?? '').slice(-MAX_LOG_LINE);
    for (const line of lines) if (line !== '') this.#log(line.slice(0, MAX_LOG_LINE));
  }

  end(): void {
    if (this.#rest !== '') this.#log(this.#rest);
    this.#rest = '';
  }
}
