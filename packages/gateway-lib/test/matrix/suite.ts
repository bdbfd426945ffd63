import type { Era } from '@org/mcp-sdk';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { Gateway, type UpstreamOptions } from '../../src/index.ts';
import { CLIENTS, OWN_CLIENT, serveGateway, WAYS, type ServedGateway } from './caller-cells.ts';
import type { Driver } from './driver.ts';
import { ROWS, UPSTREAMS } from './rows.ts';
import { UPSTREAM_CELLS, type UpstreamCell, type UpstreamTransport } from './upstream-cells.ts';
import { World } from './world.ts';

const ERAS: readonly Era[] = ['modern', 'legacy'];

/** A row that takes longer waits for what does not come. Unit: ms. */
const ROW_TIMEOUT_MS = 5_000;

/** A gateway before two colliding upstreams; all callers of a column share it. */
class Column {
  readonly #cells: UpstreamCell[] = [];
  #served: ServedGateway | undefined;

  get served(): ServedGateway {
    return this.#served!;
  }

  async open(start: (world: World) => Promise<UpstreamCell>): Promise<void> {
    const upstreams: Record<string, UpstreamOptions> = {};
    for (const name of UPSTREAMS) {
      const cell = await start(new World(name));
      this.#cells.push(cell);
      upstreams[name] = cell.options;
    }
    const gateway = new Gateway({ upstreams });
    this.#served = await serveGateway(gateway);
    await gateway.start();
  }

  async close(): Promise<void> {
    await this.#served?.close();
    for (const cell of this.#cells) await cell.close();
  }
}

/** Rows in which the client has a part of its own; lists and look-ups are the same to every client. */
const OWN_ROWS: ReadonlySet<string> = new Set([
  'server/discover or initialize',
  'tools/call',
  'progress',
  'cancel',
  'logging',
  'elicitation/create',
  'sampling/createMessage',
  'roots/list',
  'a notification of an extension',
  'listen: list_changed and updated',
]);

/** A legacy server keeps the roots of a session: one that all callers share has none. */
const hasRoots = (transport: UpstreamTransport, era: Era): boolean => era === 'modern' || transport !== 'in-process';

/** Runs every row for every caller, in front of upstreams on one transport. */
export function defineMatrix(transport: UpstreamTransport): void {
  for (const era of ERAS) {
    const start = UPSTREAM_CELLS[transport][era];
    if (!start) continue;
    const rows = Object.keys(ROWS).filter((row) => row !== 'roots/list' || hasRoots(transport, era));
    describe(`${era} ${transport} upstream`, () => {
      const column = new Column();
      beforeAll(() => column.open(start));
      afterAll(() => column.close());
      for (const callerEra of ERAS)
        for (const way of WAYS)
          describe.each(Object.keys(CLIENTS))('%s', (client) => {
            let driver: Driver;
            beforeAll(async () => {
              driver = await CLIENTS[client]!(column.served.place(way), callerEra);
            });
            afterAll(() => driver.close());

            it.each(rows.filter((row) => client !== OWN_CLIENT || OWN_ROWS.has(row)))(
              `${callerEra} ${way} caller → ${era} ${transport} upstream: %s`,
              { timeout: ROW_TIMEOUT_MS },
              (row) => ROWS[row]!(driver),
            );
          });
    });
  }
}
