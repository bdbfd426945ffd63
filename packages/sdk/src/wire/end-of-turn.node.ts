/** No work is held longer than this for what else happens in the turn. Unit: ms. */
const MAX_HELD_MS = 1;

let held: Promise<void> | undefined;
let release = (): void => undefined;
let heldSince = 0;

/**
 * Resolves at the end of this turn of the event loop, for all that wait in it one after the other: time to write.
 *
 * @remarks A write wakes the process that reads it. On one machine that costs more than answering a call, and only the
 * first of several writes in a row pays for it. Redis writes its answers so too (`beforeSleep`).
 */
export function endOfTurn(): Promise<void> {
  const now = performance.now();
  if (!held) {
    heldSince = now;
    setImmediate(flush);
    held = new Promise((resolve) => (release = resolve));
    return held;
  }
  const waiting = held;
  if (now - heldSince > MAX_HELD_MS) flush();
  return waiting;
}

function flush(): void {
  held = undefined;
  release();
}
