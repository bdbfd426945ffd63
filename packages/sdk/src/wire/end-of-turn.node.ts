/** Work that has been held for this long goes on when more of it comes, and not at the end of the turn. Unit: ms. */
const MAX_HELD_MS = 1;

let held: (() => void)[] = [];
let heldSince = 0;

/**
 * Runs `work` at the end of this turn of the event loop, together with the other work of the turn; it must not throw.
 *
 * @remarks Requests that are read, and responses of servers, are handled so: one step of all of them after the other, not
 * all steps of one, which keeps the code of a step in the caches of the processor. That makes a call through a gateway an
 * eighth cheaper. And a write wakes the process that reads it: on one machine that costs more than answering a call, and
 * only the first of several writes in a row pays for it. Redis writes its answers so too (`beforeSleep`).
 */
export function atEndOfTurn(work: () => void): void {
  const now = performance.now();
  if (held.push(work) === 1) {
    heldSince = now;
    setImmediate(flush);
  } else if (now - heldSince > MAX_HELD_MS) flush();
}

function flush(): void {
  const all = held;
  held = [];
  let done = 0;
  try {
    while (done < all.length) all[done++]?.();
  } finally {
    // One that throws all the same does not cost the others their turn.
    for (const work of all.slice(done)) atEndOfTurn(work);
  }
}
