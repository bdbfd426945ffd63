import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Part } from './parts.ts';
import { checkObject, labelOf } from './shape.ts';
import { fromBase64Url, toBase64Url } from '../wire/base64.ts';

/** Something that a server offers, as {@link Registry} keeps it. */
export interface Listed {
  /** How it looks in lists. */
  readonly entry: JsonObject;
}

/** One entry of a running server. */
export interface Entry<D> {
  /** Shows it again in lists, and answers calls. */
  enable(): void;
  /** Hides it from lists; calls of it are answered like calls of something that is not there. */
  disable(): void;
  /**
   * Changes members of its definition.
   * @throws McpError `invalid_options` if the new definition is wrong; the old one stays
   */
  update(changes: Partial<D>): void;
  /** Takes it away; callers that listen are told. */
  remove(): void;
}

interface Slot<D, T> {
  /** Keeps the order of lists, and is what cursors hold. */
  readonly sequence: number;
  part: Part<D>;
  made: T;
  isEnabled: boolean;
}

/** How a registry makes and names its entries. */
export interface RegistryOptions<D, T extends Listed> {
  /** What it holds, for messages, e.g. `tool`. */
  readonly kind: string;
  readonly keyOf: (definition: D) => string;
  /** @param label - what messages call it */
  readonly make: (part: Part<D>, label: string) => T;
  readonly onChange: () => void;
  /** Wraps the functions of what is added later, as it does those of the builder. @defaultValue none */
  readonly toolLayers?: Part<D>['toolLayers'];
}

/** A page of a list. */
export interface Page {
  readonly entries: readonly JsonObject[];
  readonly nextCursor: string | undefined;
}

/** The tools, prompts, resources or templates of a server; they may change while it runs. */
export class Registry<D, T extends Listed> {
  readonly #options: RegistryOptions<D, T>;
  readonly #slots = new Map<string, Slot<D, T>>();
  readonly #pages = new Map<number, Page>();
  #sequence = 0;

  constructor(options: RegistryOptions<D, T>) {
    this.#options = options;
  }

  get kind(): string {
    return this.#options.kind;
  }

  /** How many there are, disabled ones included. */
  get size(): number {
    return this.#slots.size;
  }

  /** Adds one; callers that listen are told. @throws McpError `invalid_options` if its name is taken or it is wrong */
  add(definition: D): Entry<D> {
    return this.addPart({ definition, layers: [], toolLayers: this.#options.toolLayers ?? [] });
  }

  /**
   * Adds one that comes with middleware of its own.
   * @param place - names it in messages if it has no name itself, e.g. `tool 3`
   * @throws McpError `invalid_options` like {@link add}
   */
  addPart(part: Part<D>, place?: string): Entry<D> {
    const { kind, keyOf, make } = this.#options;
    const label = labelOf(kind, isJsonObject(part.definition) ? keyOf(part.definition) : undefined, place);
    // What it must have is checked where it is made.
    checkObject(label, part.definition);
    const key = keyOf(part.definition);
    if (this.#slots.has(key)) throw new McpError('invalid_options', `${label} is defined twice.`);
    const slot = { sequence: this.#sequence++, part, made: make(part, label), isEnabled: true };
    this.#slots.set(key, slot);
    this.#changed();
    return this.#handle(key, slot);
  }

  /** The entry of that name or URI; undefined if there is none. */
  get(key: string): Entry<D> | undefined {
    const slot = this.#slots.get(key);
    return slot && this.#handle(key, slot);
  }

  /** What answers for a name or URI; undefined if it is not there or disabled. */
  find(key: string): T | undefined {
    const slot = this.#slots.get(key);
    return slot?.isEnabled ? slot.made : undefined;
  }

  /** Whether there is one of that name or URI that is disabled. */
  isHidden(key: string): boolean {
    return this.#slots.get(key)?.isEnabled === false;
  }

  /** All that are enabled, in the order they were added. */
  *enabled(): Iterable<T> {
    for (const { isEnabled, made } of this.#slots.values()) if (isEnabled) yield made;
  }

  /** Those enabled whose place is `sequence` or later, with their places. */
  *from(sequence: number): Iterable<{ readonly sequence: number; readonly made: T }> {
    for (const slot of this.#slots.values())
      if (slot.isEnabled && slot.sequence >= sequence) yield { sequence: slot.sequence, made: slot.made };
  }

  /**
   * One page of the list. A cursor holds the place of the entry before it, so it stays good while others come and go.
   * @throws McpError `invalid_params` if the cursor is not one of these
   */
  page(cursor: unknown, pageSize: number): Page {
    const after = cursor === undefined ? -1 : readCursor(cursor);
    const { entries, nextCursor } = this.#pages.get(after) ?? this.#makePage(after, pageSize);
    // Copies: a middleware may change what it gets for one caller.
    return { entries: entries.map((entry) => ({ ...entry })), nextCursor };
  }

  #makePage(after: number, pageSize: number): Page {
    const slots = [...this.#slots.values()].filter(({ isEnabled, sequence }) => isEnabled && sequence > after);
    const shown = slots.slice(0, pageSize);
    const last = shown.at(-1);
    const page = {
      entries: shown.map(({ made }) => made.entry),
      nextCursor: last && slots.length > pageSize ? writeCursor(last.sequence) : undefined,
    };
    if (this.#pages.size < MAX_PAGES) this.#pages.set(after, page);
    return page;
  }

  #handle(key: string, slot: Slot<D, T>): Entry<D> {
    const change = (apply: () => void): void => {
      if (this.#slots.get(key) !== slot) throw new McpError('not_found', `${this.#options.kind} "${key}" was removed.`);
      apply();
      this.#changed();
    };
    const show = (isEnabled: boolean): void => {
      if (slot.isEnabled !== isEnabled) change(() => (slot.isEnabled = isEnabled));
    };
    return {
      enable: () => {
        show(true);
      },
      disable: () => {
        show(false);
      },
      update: (changes) => {
        const definition = { ...slot.part.definition, ...changes };
        if (this.#options.keyOf(definition) !== key)
          throw new McpError('invalid_options', `${this.#options.kind} "${key}" cannot be renamed: add another one.`);
        const part = { ...slot.part, definition };
        const made = this.#options.make(part, labelOf(this.#options.kind, key));
        change(() => Object.assign(slot, { part, made }));
      },
      remove: () => {
        change(() => this.#slots.delete(key));
      },
    };
  }

  #changed(): void {
    this.#pages.clear();
    this.#options.onChange();
  }
}

/** Callers may invent cursors: what is kept for them is bounded. */
const MAX_PAGES = 1_000;

const encoder = new TextEncoder();

const writeCursor = (sequence: number): string => toBase64Url(encoder.encode(`after ${sequence}`));

function readCursor(cursor: unknown): number {
  const sequence = typeof cursor === 'string' ? /^after (\d{1,15})$/.exec(decode(cursor))?.[1] : undefined;
  if (sequence === undefined) throw new McpError('invalid_params', 'The cursor is not one of this server.');
  return Number(sequence);
}

function decode(cursor: string): string {
  try {
    return new TextDecoder().decode(fromBase64Url(cursor));
  } catch {
    return '';
  }
}
