import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLIENTS, exists, openCell, TRANSPORTS, type Cell, type ClientName, type Transport } from './cells.ts';
import { IMPOSSIBLE, MAX_IMPOSSIBLE } from './impossible.ts';
import { ROWS } from './rows.ts';

const CELLS = (Object.keys(TRANSPORTS) as Transport[]).flatMap((transport) =>
  CLIENTS.filter((client) => exists(client, transport)).map((client) => [client, transport] as const),
);

/** What cannot come is waited for this long. Unit: ms. */
const IN_VAIN_MS = 200;

const inVain = (): Promise<never> =>
  new Promise((_, reject) => setTimeout(reject, IN_VAIN_MS, new Error('It did not come.')));

const isImpossible = (client: ClientName, transport: Transport, row: string): boolean =>
  IMPOSSIBLE.some((rule) => rule.client.test(client) && rule.transport.test(transport) && rule.row.test(row));

describe.each(CELLS)('%s over %s', (client, transport) => {
  let cell: Cell;
  beforeAll(async () => {
    cell = await openCell(client, transport);
  });
  afterAll(() => cell.close());

  it.each(Object.keys(ROWS))('%s', async (row) => {
    const work = ROWS[row]?.(cell.driver);
    if (isImpossible(client, transport, row)) await expect(Promise.race([work, inVain()])).rejects.toThrow();
    else await work;
  });
});

it('the list of what is impossible only shrinks, and each of its rules is used', () => {
  const cells = CELLS.flatMap(([client, transport]) =>
    Object.keys(ROWS).map((row) => [client, transport, row] as const),
  );
  expect(cells.filter((cell) => isImpossible(...cell)).length).toBeLessThanOrEqual(MAX_IMPOSSIBLE);
  for (const rule of IMPOSSIBLE)
    expect(
      cells.some(
        ([client, transport, row]) => rule.client.test(client) && rule.transport.test(transport) && rule.row.test(row),
      ),
    ).toBe(true);
});
