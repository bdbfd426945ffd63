import type { Gateway } from '../../src/index.ts';

/** Where a caller finds the gateway. */
export type Place =
  | { readonly kind: 'http' | 'socket'; readonly url: string }
  | { readonly kind: 'stdio'; readonly command: string; readonly args: string[] }
  | { readonly kind: 'memory'; readonly gateway: Gateway };
