import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TRANSPORTS, type Cell, type Transport } from './cells.ts';
import type { Impossible } from './impossible.ts';
import { ROWS } from './rows.ts';

/** One half of the matrix. */
export interface Suite<Peer extends string> {
  readonly peers: readonly Peer[];
  readonly exists: (peer: Peer, transport: Transport) => boolean;
  readonly open: (peer: Peer, transport: Transport) => Promise<Cell>;
  readonly impossible: readonly Impossible[];
  /** How many cells `impossible` may cover. */
  readonly maxImpossible: number;
}

/** What cannot come is waited for this long. Unit: ms. */
const IN_VAIN_MS = 200;

const inVain = (): Promise<never> =>
  new Promise((_, reject) => setTimeout(reject, IN_VAIN_MS, new Error('It did not come.')));

const covers = (rule: Impossible, [peer, transport, row]: readonly [string, string, string]): boolean =>
  rule.peer.test(peer) && rule.transport.test(transport) && rule.row.test(row);

/** Runs every row in every cell, and checks the list of what is impossible. */
export function defineSuite<Peer extends string>({
  peers,
  exists,
  open,
  impossible,
  maxImpossible,
}: Suite<Peer>): void {
  const cells = (Object.keys(TRANSPORTS) as Transport[]).flatMap((transport) =>
    peers.filter((peer) => exists(peer, transport)).map((peer) => [peer, transport] as const),
  );

  describe.each(cells)('%s over %s', (peer, transport) => {
    let cell: Cell;
    beforeAll(async () => {
      cell = await open(peer, transport);
    });
    afterAll(() => cell.close());

    it.each(Object.keys(ROWS))('%s', async (row) => {
      const work = ROWS[row]?.(cell.driver);
      if (impossible.some((rule) => covers(rule, [peer, transport, row])))
        await expect(Promise.race([work, inVain()])).rejects.toThrow();
      else await work;
    });
  });

  it('the list of what is impossible only shrinks, and each of its rules is used', () => {
    const all = cells.flatMap((cell) => Object.keys(ROWS).map((row) => [...cell, row] as const));
    expect(all.filter((cell) => impossible.some((rule) => covers(rule, cell))).length).toBeLessThanOrEqual(
      maxImpossible,
    );
    for (const rule of impossible) expect(all.some((cell) => covers(rule, cell))).toBe(true);
  });
}
