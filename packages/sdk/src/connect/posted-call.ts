import type { Call } from '../core/call.ts';
import { onAbort, type AbortListener } from '../core/cancellation.ts';
import { needsNameHeader } from '../core/methods.ts';
import type { WireJson } from '../wire/encode.ts';
import { encodeHeaderValue, HEADER } from '../wire/headers.ts';
import type { HttpClientRequest } from './http-client.ts';

/** A call as it is posted. No signal is made for it: most calls are over before anybody could want one. */
export class PostedCall implements HttpClientRequest {
  readonly method = 'POST';
  readonly headers: Record<string, string>;
  readonly body: WireJson;
  readonly isLasting: boolean;
  readonly isPing: boolean;
  readonly #call: Call;

  constructor(call: Call, headers: Record<string, string>, body: WireJson) {
    this.#call = call;
    this.headers = headers;
    this.body = body;
    this.isLasting = call.method === 'subscriptions/listen';
    this.isPing = call.method === 'server/discover' || call.method === 'ping';
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  onAbort(listener: AbortListener): () => void {
    return onAbort(this.#call, listener);
  }
}

type Headers = Record<string, string>;

/** Headers that are kept for the next call of the same; longer targets are rare. */
const MAX_KEPT = 1_000;
const MAX_TARGET = 256;

function hasAny(headers: Readonly<Headers> | undefined): boolean {
  for (const _ in headers) return true;
  return false;
}

/** The headers of modern calls. The same calls are made again and again, so those of most are there already. */
export class ModernHeaders {
  readonly #base: Readonly<Headers>;
  /** By method and target. */
  readonly #kept = new Map<string, Map<string | undefined, Headers>>();
  #size = 0;

  /** @param base - sent with each call */
  constructor(base: Readonly<Headers>) {
    this.#base = base;
  }

  /** @returns not to be changed */
  of(call: Call): Headers {
    const { method, target, paramHeaders } = call;
    if (hasAny(paramHeaders)) return this.#make(call);
    const kept = this.#kept.get(method)?.get(target);
    if (kept) return kept;
    const made = this.#make(call);
    if ((target ?? method).length <= MAX_TARGET) this.#keep(made, method, target);
    return made;
  }

  #make({ method, target, paramHeaders }: Call): Headers {
    const headers: Headers = { ...this.#base, ...paramHeaders, [HEADER.method]: method };
    if (needsNameHeader(method) && target !== undefined) headers[HEADER.name] = encodeHeaderValue(target);
    return headers;
  }

  #keep(headers: Headers, method: string, target: string | undefined): void {
    if (this.#size++ >= MAX_KEPT) {
      this.#kept.clear();
      this.#size = 1;
    }
    this.#kept.set(method, (this.#kept.get(method) ?? new Map<string | undefined, Headers>()).set(target, headers));
  }
}
