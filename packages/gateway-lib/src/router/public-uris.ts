import { Payload, type JsonObject, type Middleware, type Result, type Span } from '@org/mcp-sdk';
import { elementsOf, mapResult, membersOf } from '@org/mcp-sdk/wire';
import type { CatalogView } from '../catalog/catalog-view.ts';
import type { RoutedCall } from '../core/routed-call.ts';

/** Stage: gives the URIs in results the form in which they come back to their upstream. Everything else keeps its bytes. */
export const createPublicUris =
  (catalog: CatalogView): Middleware<RoutedCall> =>
  (next) =>
  async (call) => {
    const place = URIS_IN[call.method];
    const reply = await next(call);
    if (!place) return reply;
    const { name } = call.route.upstream;
    return mapResult(reply, (result) => rename(result, place, (uri) => catalog.publicUri(name, uri)));
  };

/** Finds the URIs in a result. */
type Place = (result: Json) => readonly Json[];

/** A value inside of JSON text. */
class Json {
  readonly bytes: Uint8Array;
  readonly span: Span;

  constructor(bytes: Uint8Array, span: Span) {
    this.bytes = bytes;
    this.span = span;
  }

  /** The member of an object; none for other values. */
  member(key: string): readonly Json[] {
    const span = this.#starts(0x7b) ? membersOf(this.#own).get(key) : undefined;
    return span ? [this.#at(span)] : [];
  }

  /** The elements of an array; another value is its own only element. */
  get elements(): readonly Json[] {
    return this.#starts(0x5b) ? elementsOf(this.#own).map((span) => this.#at(span)) : [this];
  }

  get value(): unknown {
    return JSON.parse(decoder.decode(this.#own)) as unknown;
  }

  get #own(): Uint8Array {
    return this.bytes.subarray(this.span.start, this.span.end);
  }

  #starts(byte: number): boolean {
    return this.bytes[this.span.start] === byte;
  }

  #at({ start, end }: Span): Json {
    return new Json(this.bytes, { start: this.span.start + start, end: this.span.start + end });
  }
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

const blockUris = (block: Json): readonly Json[] => {
  const [type] = block.member('type');
  if (type?.value === 'resource_link') return block.member('uri');
  return type?.value === 'resource' ? block.member('resource').flatMap((resource) => resource.member('uri')) : [];
};

const URIS_IN: Readonly<Partial<Record<string, Place>>> = {
  'tools/call': (result) => result.member('content').flatMap(({ elements }) => elements.flatMap(blockUris)),
  'prompts/get': (result) =>
    result
      .member('messages')
      .flatMap(({ elements }) => elements.flatMap((message) => message.member('content')))
      .flatMap(({ elements }) => elements.flatMap(blockUris)),
  'resources/read': (result) =>
    result.member('contents').flatMap(({ elements }) => elements.flatMap((content) => content.member('uri'))),
};

function rename(result: Payload<Result>, place: Place, publicUri: (uri: string) => string): Payload<JsonObject> {
  const { bytes } = result;
  const parts: Uint8Array[] = [];
  let at = 0;
  const start = bytes.findIndex((byte) => byte > 0x20);
  for (const { span, value } of place(new Json(bytes, { start, end: bytes.length }))) {
    const uri = typeof value === 'string' ? publicUri(value) : value;
    if (uri === value) continue;
    parts.push(bytes.subarray(at, span.start), encoder.encode(JSON.stringify(uri)));
    at = span.end;
  }
  return at === 0 ? result : Payload.json(joined([...parts, bytes.subarray(at)]));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
