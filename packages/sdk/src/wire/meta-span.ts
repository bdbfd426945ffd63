import type { Member, Span } from '../core/payload.ts';
import { JsonReader, type ReadTerms } from './json-reader.ts';

/** For what was read before: whatever was let pass then must be now. */
const NO_LIMITS: ReadTerms = { maxDepth: Infinity, maxElements: Infinity, trustsText: 'short ones too' };

/** Where `_meta` stands in the bytes of `params`. Its members are found when somebody asks: most calls are passed on with theirs. */
export class MetaSpan implements Span {
  readonly start: number;
  readonly end: number;
  readonly #params: Uint8Array;
  #members: readonly Member[] | undefined;

  constructor(params: Uint8Array, { start, end }: Span) {
    this.#params = params;
    this.start = start;
    this.end = end;
  }

  get members(): readonly Member[] {
    return (this.#members ??= this.#find());
  }

  #find(): Member[] {
    const members: Member[] = [];
    const reader = new JsonReader(this.#params, NO_LIMITS, this.start);
    reader.object((key, start) => {
      members.push({ key, start, value: reader.skip() });
    });
    return members;
  }
}
