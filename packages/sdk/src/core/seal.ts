import type { JsonObject } from './json.ts';

/**
 * Makes tokens that only the holder of the key can make or read.
 *
 * @remarks The purpose is authenticated with the content: a token sealed for one purpose does not open for another.
 */
export interface Seal {
  /** Seals `content` as text that is safe in a header. */
  seal(purpose: string, content: JsonObject): Promise<string>;
  /** Opens a token; undefined when it was not sealed here for this purpose. */
  open(purpose: string, token: string): Promise<JsonObject | undefined>;
}
