/** A cell of the matrix that cannot be filled, and the rule that prevents it. */
export interface Impossible {
  readonly client: RegExp;
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
    client: /./,
    transport: /^legacy stateless HTTP$/,
    row: /^(elicitation\/create|sampling\/createMessage|roots\/list)$/,
    why: 'Without a session no request of the server can be answered (2025-11-25, Session Management).',
  },
  {
    client: /./,
    transport: /^legacy stateless HTTP$/,
    row: /^(subscriptions\/listen|notifications\/message|cancellation)$/,
    why: 'Without a session there is no GET stream, no level to keep, and no request that a notification could name.',
  },
];

/** How many cells {@link IMPOSSIBLE} may cover. Lower it when one can be filled; never raise it. */
export const MAX_IMPOSSIBLE = 18;
