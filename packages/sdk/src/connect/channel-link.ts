import type { Call, RequestId } from '../core/call.ts';
import { BriefMap } from '../core/brief-map.ts';
import { abortedBy } from '../core/cancellation.ts';
import { McpError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import type { Era } from '../core/protocol.ts';
import { noReply, type Reply } from '../core/reply.ts';
import type { Channel } from '../wire/channel.ts';
import { encodeNotification, encodeRequest, encodeResponse } from '../wire/encode.ts';
import { Exchange } from '../wire/exchange.ts';
import { FrameError, readFrame, type Frame, type NotificationFrame, type RequestFrame } from '../wire/message.ts';
import { patchMeta, tokenPatch } from '../wire/params.ts';
import { answerToServer, isCancellable, RESPONSE_LIMITS, type Link, type ServerRequestHandler } from './link.ts';

/** Makes a {@link Link} over a channel that all calls share. @param label - names the server in messages */
export function linkOverChannel(channel: Channel, label: string): Link {
  return new ChannelLink(channel, label);
}

class ChannelLink implements Link {
  readonly label: string;
  readonly silenceMeansLegacy = true;
  readonly closed: Promise<unknown>;
  onRequest: ServerRequestHandler | undefined;
  readonly #channel: Channel;
  readonly #pending = new BriefMap<RequestId, Exchange>();
  readonly #listeners = new Set<(frame: NotificationFrame) => void>();
  /** Running answers to the server's own requests. */
  readonly #answering = new Map<RequestId, AbortController>();
  /** Undefined until it is known. */
  #era: Era | undefined;
  #nextId = 1;
  #closeReason: McpError | undefined;

  constructor(channel: Channel, label: string) {
    this.label = label;
    this.#channel = channel;
    this.closed = new Promise((resolve) => {
      channel.open({
        message: (bytes, relatedTo) => {
          this.#receive(bytes, relatedTo);
        },
        close: (reason) => {
          this.#end(reason);
          resolve(reason);
        },
      });
    });
  }

  readonly send = (call: Call): Promise<Reply> => {
    if (this.#closeReason) return Promise.reject(this.#closeReason);
    const ended = abortedBy(call);
    if (ended) return Promise.reject(ended);
    if (call.isNotification) return this.notify(call.method, call.params).then(noReply);
    const id = this.#nextId++;
    const exchange = new Exchange(call, id, (reason) => {
      if (this.#pending.take(id) !== exchange) return;
      if (isCancellable(call)) this.#tellCancelled(id);
      exchange.fail(McpError.from(reason));
    });
    this.#pending.set(id, exchange);
    const params = call.progressToken === undefined ? call.params : patchMeta(call.params, tokenPatch(id));
    this.#channel.send(encodeRequest(id, call.method, params))?.catch((refused: unknown) => {
      this.#pending.take(id)?.fail(McpError.from(refused));
    });
    return exchange.reply;
  };

  async notify(method: string, params: Payload<JsonObject>): Promise<void> {
    await this.#channel.send(encodeNotification(method, params));
  }

  subscribe(listener: (frame: NotificationFrame) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  settle(era: Era): void {
    this.#era = era;
  }

  async close(): Promise<void> {
    void this.#channel.close();
    await this.closed;
  }

  /** Never throws: one message must not cost the calls that share the channel. */
  #receive(bytes: Uint8Array, relatedTo: RequestId | undefined): void {
    try {
      this.#handle(readFrame(bytes, RESPONSE_LIMITS), relatedTo);
    } catch (thrown) {
      // A line that is no message (a stray print) concerns no call; a broken answer ends the call it answers.
      if (thrown instanceof FrameError && thrown.isResponse) this.#failBroken(thrown.id, thrown.cause);
    }
  }

  #failBroken(id: RequestId | null, cause: McpError): void {
    const message = `${this.label} sent a response that cannot be read: ${cause.message}`;
    if (id !== null) this.#pending.take(id)?.fail(new McpError('unavailable', message, { cause }));
  }

  #handle(frame: Frame, relatedTo: RequestId | undefined): void {
    if (frame.kind === 'response') this.#pending.take(frame.id ?? '')?.respond(frame);
    else if (frame.kind === 'request') void this.#answer(frame, relatedTo);
    else this.#route(frame, relatedTo);
  }

  async #answer(frame: RequestFrame, relatedTo: RequestId | undefined): Promise<void> {
    // Modern servers ask nothing, and nothing may be answered to them.
    if (this.#era === 'modern') return;
    const cancelled = new AbortController();
    this.#answering.set(frame.id, cancelled);
    const call = relatedTo === undefined ? undefined : (this.#pending.get(relatedTo)?.call ?? null);
    const answer = await answerToServer(frame, this.onRequest, { signal: cancelled.signal, call });
    if (this.#answering.get(frame.id) === cancelled) this.#answering.delete(frame.id);
    // A server that refuses the answer waits for none.
    if (!cancelled.signal.aborted) this.#channel.send(encodeResponse(frame.id, answer))?.catch(() => undefined);
  }

  /** Ids of both sides may be the same: a legacy server cancels what it asked, a modern one a stream that it ends. */
  #cancelled(id: RequestId): void {
    if (this.#era === 'legacy') {
      this.#answering.get(id)?.abort(new McpError('cancelled', `${this.label} no longer waits for the answer.`));
      return;
    }
    if (this.#pending.get(id)?.call.method === 'subscriptions/listen')
      this.#pending.take(id)?.fail(new McpError('unavailable', `${this.label} ended the stream.`));
  }

  #route(frame: NotificationFrame, relatedTo: RequestId | undefined): void {
    if (frame.method === 'notifications/cancelled') {
      this.#cancelled(frame.params.payload.value.requestId as RequestId);
      return;
    }
    const owner = this.#ownerOf(frame, relatedTo);
    if (owner) owner.notify(frame);
    else for (const listener of this.#listeners) listener(frame);
  }

  #ownerOf(frame: NotificationFrame, relatedTo: RequestId | undefined): Exchange | undefined {
    const subscription = frame.params.meta?.subscriptionId;
    if (subscription !== undefined) return this.#pending.get(subscription as RequestId);
    if (frame.method === 'notifications/progress')
      return this.#pending.get(frame.params.payload.value.progressToken as RequestId);
    if (frame.method !== 'notifications/message') return undefined;
    // Nothing on a pipe says which call a log message belongs to: it is given on only when there is no doubt whose it is.
    if (relatedTo !== undefined) return this.#pending.get(relatedTo);
    const [first, ...others] = this.#mayLog();
    const session = first?.call.session;
    const isOneCaller = others.every(({ call }) => session !== undefined && call.session === session);
    return isOneCaller ? first : undefined;
  }

  /** Legacy servers log for whatever call they like, modern ones for those that ask for it, and never for a stream of changes. */
  #mayLog(): Exchange[] {
    const calls = this.#pending.values().filter(({ call }) => call.method !== 'subscriptions/listen');
    return this.#era === 'legacy' ? calls : calls.filter(({ call }) => call.logLevel !== undefined);
  }

  #tellCancelled(requestId: RequestId): void {
    // A server that is gone has nothing to cancel.
    this.notify('notifications/cancelled', Payload.of<JsonObject>({ requestId })).catch(() => undefined);
  }

  #end(cause: unknown): void {
    this.#closeReason = new McpError('unavailable', goneMessage(this.label, cause), { cause });
    for (const exchange of this.#pending.values()) exchange.fail(this.#closeReason);
    this.#pending.clear();
    for (const answer of this.#answering.values()) answer.abort(this.#closeReason);
    this.#listeners.clear();
  }
}

/** Transports say in words why they ended; errors may hold more than a caller may see. */
const goneMessage = (label: string, cause: unknown): string =>
  typeof cause === 'string' ? `${label} is gone: ${cause.replace(/\.$/, '')}.` : `${label} is gone.`;
