import type {
  CallToolResultSchema,
  CompleteRequestParamsSchema,
  PromptSchema,
  ResourceSchema,
  ResourceTemplateSchema,
  ToolSchema,
} from '@modelcontextprotocol/core';
import type { input, output } from 'zod';
import type { Connection } from '../connect/connection.ts';
import { createCall, type ClientIdentity } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import { McpError } from '../core/errors.ts';
import type { Handler } from '../core/handler.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Era, LogLevel } from '../core/protocol.ts';
import type { NotificationMessage, Reply, Result } from '../core/reply.ts';
import type { ResultOf } from '../core/typed-call.ts';
import type { Infer, Schema } from '../validation/schema.ts';
import { errorIn } from './error-in.ts';
import { checkOutput } from './output.ts';
import { checkLimit, RunningCalls } from './running-calls.ts';
import { listAll, type ListOf } from './lists.ts';
import {
  ClientSubscription,
  type Change,
  type ReconnectOptions,
  type Subscription,
  type SubscriptionFilter,
} from './subscription.ts';
import { isTaskHandle, TaskCalls, type TaskInfo } from './task-calls.ts';

/** A tool as a server lists it. */
export type ListedTool = output<typeof ToolSchema>;
/** A prompt as a server lists it. */
export type ListedPrompt = output<typeof PromptSchema>;
/** A resource as a server lists it. */
export type KnownResource = output<typeof ResourceSchema>;
/** A resource template as a server lists it. */
export type KnownResourceTemplate = output<typeof ResourceTemplateSchema>;
/** What a tool answered; a tool that failed says so by `isError`. */
export type ToolResult<R = unknown> = output<typeof CallToolResultSchema> & { readonly structuredContent?: R };

/** How far a call is. */
export interface ProgressUpdate {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

/** A log message of a server. */
export interface LogMessage {
  readonly level: LogLevel;
  readonly data: unknown;
  readonly logger?: string;
}

/** How one request is made. */
export interface RequestOptions {
  /** Told of each update, in order, before the result. @defaultValue none are asked for */
  onProgress?: (update: ProgressUpdate) => void;
  /** Gives the call up; the server is told. */
  signal?: AbortSignal;
  /** Limit for the whole call, questions and tasks included. Unit: ms, from 1. @defaultValue the client's `callMs` */
  timeoutMs?: number;
  /**
   * Told when the server answers with a task (what to look for after a restart), and when its status or its status
   * message has changed: tasks have no other progress.
   */
  onTask?: (task: TaskInfo) => void;
}

/** How a tool is called. */
export interface ToolCallOptions<S extends Schema = Schema> extends RequestOptions {
  /** Checks the structured content of a result that is no error, and says its type. @defaultValue it is not looked at */
  output?: S;
}

/** What a client is made with. */
export interface MCPClientParts {
  readonly connection: Connection;
  /** The connection with everything around it. */
  readonly handler: Handler;
  readonly clock: Clock;
  readonly clientInfo: ClientIdentity;
  readonly clientCapabilities: JsonObject;
  /** Unit: ms. */
  readonly callMs: number;
  readonly reconnect: Required<ReconnectOptions>;
  readonly log: { readonly level: LogLevel; readonly onMessage: (message: LogMessage) => void } | undefined;
  readonly answer: (inputRequests: JsonObject, signal: AbortSignal) => Promise<JsonObject>;
  readonly onChange: (change: Change) => void;
}

/** A connected client, made by {@link MCPClientBuilder.build}. Every method throws what the server answers as a `RemoteError`. */
export class MCPClient {
  readonly #parts: MCPClientParts;
  readonly #subscriptions = new Set<ClientSubscription>();
  readonly #running: RunningCalls;

  constructor(parts: MCPClientParts) {
    this.#parts = parts;
    this.#running = new RunningCalls(parts.clock);
  }

  /** The era in which the server is spoken to. */
  get era(): Era {
    return this.#parts.connection.era;
  }

  /** The revision in which the server is spoken to. */
  get version(): string {
    return this.#parts.connection.version;
  }

  /** What the server said of itself. */
  get server(): Connection['server'] {
    return this.#parts.connection.server;
  }

  /** Resolves when the server is gone or the client was closed. Once a call has reached the server anew, this is another promise. */
  get closed(): Promise<unknown> {
    return this.#parts.connection.closed;
  }

  readonly tools = {
    /** All tools, page by page as they are read. */
    list: (options?: RequestOptions): ListOf<ListedTool> => this.#list('tools/list', 'tools', options),
    /**
     * Calls a tool and waits for its result, also when the server makes a task of it.
     * @throws McpError `unavailable` if the structured content is not what `options.output` says
     */
    call: async <S extends Schema = Schema>(
      name: string,
      args: object = {},
      options: ToolCallOptions<S> = {},
    ): Promise<ToolResult<Infer<S>>> => {
      const result = await this.request('tools/call', { name, arguments: args }, options);
      // Some legacy servers leave out what is empty.
      const whole = Array.isArray(result.content) ? result : { ...result, content: [] };
      return checkOutput(name, whole, options.output);
    },
  };

  readonly prompts = {
    /** All prompts, page by page as they are read. */
    list: (options?: RequestOptions): ListOf<ListedPrompt> => this.#list('prompts/list', 'prompts', options),
    /** Gets the messages of a prompt. */
    get: (name: string, args: Readonly<Record<string, string>> = {}, options?: RequestOptions) =>
      this.request('prompts/get', { name, arguments: args }, options),
  };

  readonly resources = {
    /** All resources, page by page as they are read. */
    list: (options?: RequestOptions): ListOf<KnownResource> => this.#list('resources/list', 'resources', options),
    /** All resource templates, page by page as they are read. */
    templates: (options?: RequestOptions): ListOf<KnownResourceTemplate> =>
      this.#list('resources/templates/list', 'resourceTemplates', options),
    /** Reads a resource. */
    read: (uri: string, options?: RequestOptions) => this.request('resources/read', { uri }, options),
  };

  /** Tasks by their id, e.g. after a restart. */
  get tasks(): TaskCalls {
    const { answer, clock } = this.#parts;
    return new TaskCalls({
      request: (method, params, signal) => this.request(method, params, { signal }),
      answer,
      clock,
    });
  }

  /** Suggests values of an argument. */
  async complete(params: input<typeof CompleteRequestParamsSchema>, options?: RequestOptions): Promise<string[]> {
    const { completion } = await this.request('completion/complete', { ...params }, options);
    if (!isJsonObject(completion) || !Array.isArray(completion.values))
      throw new McpError('unavailable', 'The server answered completion/complete without "completion.values".');
    return completion.values;
  }

  /** Asks for a sign of life. @throws McpError if there is none in time */
  ping(signal?: AbortSignal): Promise<void> {
    const limit = { signal, timeoutMs: this.#parts.callMs };
    return this.#running.run(limit, (within) => this.#parts.connection.ping(within));
  }

  /**
   * Listens to changes; resolves when the server has agreed.
   * @throws what the server answers if it refuses; McpError `timeout` if it does not answer within `callMs`
   */
  async subscribe(filter: SubscriptionFilter): Promise<Subscription> {
    const { reconnect, clock, onChange, callMs: timeoutMs } = this.#parts;
    const listen = (params: JsonObject, signal: AbortSignal): Promise<Reply> =>
      this.#parts.handler(this.#call('subscriptions/listen', params, { signal }));
    const onEnd = (): void => void this.#subscriptions.delete(subscription);
    const within = <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
      this.#running.run({ signal, timeoutMs }, work);
    const subscription = new ClientSubscription({ filter, listen, within, reconnect, clock, onChange, onEnd });
    this.#subscriptions.add(subscription);
    return subscription.open();
  }

  /** Calls any method, of an extension too. @param params - without `_meta`, which is made here */
  async request<M extends string>(
    method: M,
    params: JsonObject = {},
    options: RequestOptions = {},
  ): Promise<ResultOf<M>> {
    const timeoutMs = checkLimit('timeoutMs', options.timeoutMs ?? this.#parts.callMs);
    return this.#running.run({ signal: options.signal, timeoutMs }, async (signal) => {
      const reply = await this.#parts.handler(this.#call(method, params, { ...options, signal }));
      const result = reply.single ? await reply.result() : await this.#read(reply, options);
      const whole = isTaskHandle(result) ? await this.#await(result, options, signal) : checkType(method, result);
      // What servers answer is not checked further: unknown members are part of the protocol.
      return whole as ResultOf<M>;
    });
  }

  /** Tells the server something that it answers nothing to; for extensions. @throws McpError if it cannot be reached */
  async notify(method: string, params: JsonObject = {}): Promise<void> {
    const { clientInfo, clientCapabilities, handler, callMs: timeoutMs } = this.#parts;
    await this.#running.run({ timeoutMs }, (signal) =>
      handler(createCall(method, params, { clientInfo, clientCapabilities, signal, isNotification: true })),
    );
  }

  /** Ends subscriptions and lets go of the server; a server that was started ends too. */
  async close(): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.close();
    this.#running.close();
    await this.#parts.connection.close();
  }

  #call(method: string, params: JsonObject, { signal, onProgress }: RequestOptions) {
    const { clientInfo, clientCapabilities, log } = this.#parts;
    return createCall(method, params, {
      ...{ clientInfo, clientCapabilities },
      ...(signal ? { signal } : {}),
      ...(onProgress ? { progressToken: 'progress' } : {}),
      ...(log ? { logLevel: log.level } : {}),
    });
  }

  async #read(reply: Reply, options: RequestOptions): Promise<Result> {
    for await (const message of reply.messages()) {
      if (message.kind === 'result') return message.result.value;
      if (message.kind === 'error') throw errorIn(message);
      this.#tell(message, options);
    }
    throw new McpError('unavailable', 'The reply ended without a result.');
  }

  #tell({ method, params: { value } }: NotificationMessage, { onProgress }: RequestOptions): void {
    // The server's own words: whoever is told looks at them.
    if (method === 'notifications/progress') onProgress?.(value as unknown as ProgressUpdate);
    if (method === 'notifications/message') this.#parts.log?.onMessage(value as unknown as LogMessage);
  }

  async #await(task: TaskInfo, { onTask, signal: given }: RequestOptions, signal: AbortSignal): Promise<Result> {
    const { taskId } = task;
    onTask?.(task);
    let told = newsOf(task);
    const onLook = (next: TaskInfo): void => {
      if (newsOf(next) === told) return;
      told = newsOf(next);
      onTask?.(next);
    };
    try {
      return await this.tasks.wait(taskId, signal, onLook);
    } catch (thrown) {
      // After a timeout the task goes on: its id was told. Whoever aborts wants it no more.
      if (given?.aborted) await this.tasks.cancel(taskId).catch(() => undefined);
      throw thrown;
    }
  }

  #list<T>(method: string, member: string, options?: RequestOptions): ListOf<T> {
    return listAll(async (cursor) => {
      const page = await this.request(method, cursor === undefined ? {} : { cursor }, options);
      const entries = page[member];
      if (!Array.isArray(entries))
        throw new McpError('unavailable', `The server answered ${method} without "${member}".`);
      // What servers list is not checked.
      return { entries: entries as T[], nextCursor: page.nextCursor };
    });
  }
}

const newsOf = ({ status, statusMessage = '' }: TaskInfo): string => `${status} ${statusMessage}`;

/** What a result says of itself must be understood (2026-07-28, ResultType); a legacy one says nothing. */
function checkType(method: string, result: Result): Result {
  const { resultType = 'complete' } = result;
  if (resultType === 'complete') return result;
  throw new McpError(
    'unavailable',
    `The server answered ${method} with the unknown result type ${String(resultType)}.`,
  );
}

/** Whether a result of a tool is an error, with what it says. */
export function errorOf(result: ToolResult): string | undefined {
  if (result.isError !== true) return undefined;
  const [first] = result.content;
  return first?.type === 'text' ? first.text : 'The tool failed.';
}
