import type { Era } from '../../src/index.ts';

/** What a row needs of a tool's answer. */
export interface ToolAnswer {
  readonly text: string;
  readonly structured: unknown;
  readonly isError: boolean;
}

/** How a call is made. */
export interface CallExtras {
  readonly onProgress?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * A client of any SDK that is connected to a server, in the words of the matrix.
 *
 * @remarks Whatever the client is asked it answers so: elicitation accepts `{ city: 'Lisbon' }` for a form and accepts a
 * URL, sampling says `sampled`, and the one root is `file:///root`.
 */
export interface Driver {
  readonly era: Era;
  /** Whether progress that comes in one read with the result is lost: the official SDKs do that over pipes and sockets. */
  readonly losesProgress?: boolean;
  /** Name of the server, as the handshake or `server/discover` told it. */
  serverName(): string | undefined;
  ping(): Promise<void>;
  /** Names of all pages. */
  tools(): Promise<string[]>;
  call(name: string, args?: Record<string, unknown>, extras?: CallExtras): Promise<ToolAnswer>;
  prompts(): Promise<string[]>;
  prompt(name: string, args: Record<string, string>): Promise<string>;
  /** URIs of all pages. */
  resources(): Promise<string[]>;
  templates(): Promise<string[]>;
  read(uri: string): Promise<string>;
  complete(prompt: string, argument: { name: string; value: string }): Promise<string[]>;
  /** Starts to listen; resolves once the server will tell. */
  listen(to: { uri: string; onTools: () => void; onUpdated: (uri: string) => void }): Promise<void>;
  /** Asks for log messages from `debug` on. */
  logs(onMessage: (data: unknown) => void): Promise<void>;
  close(): Promise<void>;
}
