/* eslint-disable @typescript-eslint/no-deprecated -- sample() and roots() are deprecated for their users, not here */
import type { Call } from '../core/call.ts';
import { Journal, type Asker } from './ask.ts';

/** Makes its journal when the function first asks: most never do. */
export class LazyAsker implements Asker {
  readonly #call: Call;
  #journal: Journal | undefined;

  constructor(call: Call, journal: Journal | undefined) {
    this.#call = call;
    this.#journal = journal;
  }

  /** Undefined if nothing was asked in any round. */
  get used(): Journal | undefined {
    return this.#journal;
  }

  get ask(): Asker['ask'] {
    return this.#made.ask;
  }

  get askUrl(): Asker['askUrl'] {
    return this.#made.askUrl;
  }

  get sample(): Asker['sample'] {
    return this.#made.sample;
  }

  get roots(): Asker['roots'] {
    return this.#made.roots;
  }

  get once(): Asker['once'] {
    return this.#made.once;
  }

  get #made(): Journal {
    return (this.#journal ??= new Journal(this.#call));
  }
}
