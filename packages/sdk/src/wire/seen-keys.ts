/** Numbers of texts that fit into the bits of one number. */
const BITS = 31;

/** More keys than this are looked up; so few are compared one by one, which is faster. */
const MAX_COMPARED = 16;

/** The keys of one object, of which none may stand twice. */
export class SeenKeys {
  /** A bit for each that is well known. */
  #known = 0;
  #few: string[] | undefined;
  #many: Set<string> | undefined;

  /**
   * @param number - of a text that is well known, always the same; -1 for others
   * @returns whether it was not there yet
   */
  add(key: string, number: number): boolean {
    if (number < 0 || number >= BITS) return this.#addOther(key);
    const bit = 1 << number;
    if ((this.#known & bit) !== 0) return false;
    this.#known |= bit;
    return true;
  }

  #addOther(key: string): boolean {
    this.#few ??= [];
    if (this.#many ? this.#many.has(key) : this.#few.includes(key)) return false;
    if (this.#many) this.#many.add(key);
    else if (this.#few.push(key) > MAX_COMPARED) this.#many = new Set(this.#few);
    return true;
  }
}
