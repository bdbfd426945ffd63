/** A cell of the matrix that cannot be filled, and the rule that prevents it. */
export interface Impossible {
  /** Who is at the other end of ours. */
  readonly peer: RegExp;
  readonly transport: RegExp;
  readonly row: RegExp;
  readonly why: string;
}

/**
 * What cannot exist. Each entry is checked: the row must fail there, and the list must not be longer than
 * {@link MAX_IMPOSSIBLE} cells. It may only shrink.
 */
export const IMPOSSIBLE: readonly Impossible[] = [
  {
    peer: /./,
    transport: /^legacy stateless HTTP$/,
    row: /^(elicitation\/create|sampling\/createMessage|roots\/list)$/,
    why: 'Without a session no request of the server can be answered (2025-11-25, Session Management).',
  },
  {
    peer: /./,
    transport: /^legacy stateless HTTP$/,
    row: /^(subscriptions\/listen|notifications\/message|cancellation)$/,
    why: 'Without a session there is no GET stream, no level to keep, and no request that a notification could name.',
  },
];

/** How many cells {@link IMPOSSIBLE} may cover. Lower it when one can be filled; never raise it. */
export const MAX_IMPOSSIBLE = 18;

/** What our client cannot do with the servers of the official SDKs; checked in the same way. */
export const IMPOSSIBLE_OFFICIAL: readonly Impossible[] = [
  {
    peer: /./,
    transport: /^legacy stateless HTTP$/,
    row: /^(elicitation\/create|sampling\/createMessage|roots\/list)$/,
    why: 'Without a session no request of the server can be answered (2025-11-25, Session Management).',
  },
  {
    peer: /./,
    transport: /^legacy stateless HTTP$/,
    row: /^subscriptions\/listen$/,
    why: 'Without a session there is no GET stream (2025-11-25, Listening for Messages from the Server).',
  },
  {
    peer: /^v1 server$/,
    transport: /^legacy stateless HTTP$/,
    row: /^cancellation$/,
    why: 'Without a session there is no request that a notification could name; v1 does not watch the connection either.',
  },
  {
    peer: /^v1 server$/,
    transport: /./,
    row: /^a tool that is not there$/,
    why: 'The v1 SDK answers with a result that is an error (`McpServer.createToolError`, 1.32), not with -32602.',
  },
];

/** How many cells {@link IMPOSSIBLE_OFFICIAL} may cover. Lower it when one can be filled; raise it only with a new transport. */
export const MAX_IMPOSSIBLE_OFFICIAL = 15;
