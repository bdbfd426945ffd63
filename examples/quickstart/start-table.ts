import { setTimeout } from 'node:timers/promises';
import type { EndpointStatus, Gateway, UpstreamStatus } from '@org/mcp-gateway';
import { createTable, type Cell, type Print, type Table } from './tables.ts';

/** How often the gateway is asked who is ready. Unit: ms. */
const LOOK_EVERY_MS = 20;

/** Reaches the upstreams and prints each one when it is known. @returns how they are */
export async function showStart(gateway: Gateway, print: Print): Promise<readonly UpstreamStatus[]> {
  const table = createTable(
    [
      { title: 'UPSTREAM', width: 20 },
      { title: 'TRANSPORT', width: 12 },
      { title: 'ERA', width: 8 },
      { title: 'STATE', width: 10 },
      { title: 'TOOLS', width: 5, align: 'right' },
      { title: 'PROMPTS', width: 7, align: 'right' },
      { title: 'RESOURCES', width: 9, align: 'right' },
    ],
    print,
  );
  const shown = new Set<string>();
  const show = (upstreams: readonly UpstreamStatus[]): void => {
    for (const upstream of upstreams.filter(({ name }) => !shown.has(name))) {
      shown.add(upstream.name);
      showUpstream(upstream, table);
    }
  };
  const started = gateway.start();
  while (!(await isDone(started))) show(gateway.status().filter(isKnown));
  show(await started);
  return started;
}

/** Whether all replicas of an upstream take calls. */
export const isReady = ({ endpoints }: UpstreamStatus): boolean => endpoints.every(({ state }) => state === 'ready');

const isKnown = (upstream: UpstreamStatus): boolean =>
  isReady(upstream) && [upstream.tools, upstream.prompts, upstream.resources].every((count) => count !== undefined);

const isDone = (work: Promise<unknown>): Promise<boolean> =>
  Promise.race([work.then(() => true), setTimeout(LOOK_EVERY_MS, false)]);

function showUpstream(upstream: UpstreamStatus, table: Table): void {
  const { name, endpoints, tools, prompts, resources } = upstream;
  const eras = [...new Set(endpoints.flatMap(({ era }) => era ?? []))];
  table.row(
    name,
    transportOf(endpoints),
    eras.join(', '),
    stateOf(upstream),
    ...[tools, prompts, resources].map(count),
  );
  for (const { reason } of endpoints) if (reason !== undefined) table.note(reason);
}

function transportOf(endpoints: readonly EndpointStatus[]): string {
  const transports = [...new Set(endpoints.map(({ transport }) => transport))].join(', ');
  return endpoints.length === 1 ? transports : `${transports} × ${endpoints.length}`;
}

function stateOf({ endpoints }: UpstreamStatus): Cell {
  const ready = endpoints.filter(({ state }) => state === 'ready').length;
  if (ready === endpoints.length) return ['ready', 'good'];
  if (ready > 0) return [`ready ${ready}/${endpoints.length}`, 'bad'];
  return [endpoints[0]?.state ?? '', 'bad'];
}

const count = (entries: number | undefined): Cell =>
  entries === undefined ? '?' : entries ? String(entries) : ['-', 'dim'];
