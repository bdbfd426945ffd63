/** No work is held longer than this for what else happens in the turn. Unit: ms. */
const MAX_HELD_MS = 1;

let held: (() => void)[] = [];
let heldSince = 0;

/**
 * Runs `write` at the end of this turn of the event loop, together with the other writes of the turn; it must not throw.
 *
 * @remarks A write wakes the process that reads it. On one machine that costs more than answering a call, and only the
 * first of several writes in a row pays for it. Redis writes its answers so too (`beforeSleep`).
 */
export function atEndOfTurn(write: () => void): void {
  const now = performance.now();
  if (held.push(write) === 1) {
    heldSince = now;
    setImmediate(flush);
  } else if (now - heldSince > MAX_HELD_MS) flush();
}

function flush(): void {
  const writes = held;
  held = [];
  for (const write of writes) write();
}
