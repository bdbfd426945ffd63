import type { OfficialServer } from '../../src/connect.ts';
import type { MCPServer } from '../../src/index.ts';

/** Where the server of a cell is. */
export type Place =
  | { readonly kind: 'http' | 'sse' | 'socket'; readonly url: string }
  | { readonly kind: 'stdio'; readonly command: string; readonly args: string[]; readonly cwd: string }
  | { readonly kind: 'memory'; readonly server: MCPServer };

/** Where a server is that our client reaches. */
export type OwnPlace = Place | { readonly kind: 'official'; readonly server: OfficialServer };
