import type { Era, JsonObject } from '@org/mcp-sdk';

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

/** What a client listens to. */
export interface Listening {
  readonly uris: readonly string[];
  readonly onTools: () => void;
  readonly onUpdated: (uri: string) => void;
}

/**
 * A client of the gateway, of any SDK, in the words of the matrix.
 *
 * @remarks Whatever it is asked it answers so: elicitation accepts with `{ city: 'Lisbon for <message>' }`, sampling says
 * `sampled`, and the one root is `file:///root`.
 */
export interface Driver {
  readonly era: Era;
  /** Whether progress that comes in one read with the result is lost: the official SDKs do that over pipes and sockets. */
  readonly losesProgress: boolean;
  /** What the handshake or `server/discover` told. */
  server(): { readonly name: string | undefined; readonly capabilities: JsonObject };
  ping(): Promise<void>;
  tools(): Promise<string[]>;
  call(name: string, args?: Record<string, unknown>, extras?: CallExtras): Promise<ToolAnswer>;
  prompts(): Promise<string[]>;
  prompt(name: string, args: Record<string, string>): Promise<string>;
  resources(): Promise<string[]>;
  templates(): Promise<string[]>;
  read(uri: string): Promise<string>;
  complete(ref: CompletionRef, argument: { name: string; value: string }): Promise<string[]>;
  /** Starts to listen; resolves with what ends it once the gateway will tell. */
  listen(to: Listening): Promise<() => Promise<void>>;
  /** Tells what no method of the protocol is for. */
  notify(method: string, params: Record<string, unknown>): Promise<void>;
  /** Asks for log messages from `debug` on. */
  logs(onMessage: (data: unknown) => void): Promise<void>;
  close(): Promise<void>;
}

/** What a completion is for. */
export type CompletionRef =
  { readonly type: 'ref/prompt'; readonly name: string } | { readonly type: 'ref/resource'; readonly uri: string };
