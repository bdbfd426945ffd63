import type { IncomingMessage } from 'node:http';
import { Child } from '../measure/child-process.ts';
import { ask, askForStream, comes, openGet, openLegacy, repeat, RESOURCE } from './callers.ts';

/** The memory of a gateway as {@link reportResident} tells it. Unit: bytes. */
export type Resident = Readonly<Record<'rss' | 'peak' | 'settled' | 'heap', number>>;

/** What open streams cost. */
export interface Held {
  readonly name: string;
  readonly streams: number;
  readonly empty: Resident;
  readonly full: Resident;
  /** Limit for what the streams take. Unit: MiB. */
  readonly limitMiB: number;
  /** How long it took until all of them were told of one change. Unit: ms. */
  readonly toldMs: number;
}

/** How many are opened and closed before the memory of an empty gateway is looked at: code is compiled then. */
const WARM_UP = 50;

/** Opens one stream that waits for changes. */
type Open = (url: URL) => Promise<IncomingMessage>;

/** 10,000 legacy sessions, each with its GET stream and a resource that it watches. */
export const holdSessions = (count: number): Promise<Held> =>
  hold(`${count} legacy sessions, each with a GET stream and a subscription`, {
    count,
    limitMiB: 250,
    open: openSession,
  });

/** 1,000 modern callers that listen to the lists and to a resource. */
export const holdListens = (count: number): Promise<Held> =>
  hold(`${count} modern subscriptions/listen streams`, { count, limitMiB: 60, open: openListen });

async function openSession(url: URL): Promise<IncomingMessage> {
  const session = await openLegacy(url);
  const stream = await openGet(url, session);
  await ask(url, { method: 'resources/subscribe', params: { uri: RESOURCE }, session });
  return stream;
}

async function openListen(url: URL): Promise<IncomingMessage> {
  const notifications = { toolsListChanged: true, resourceSubscriptions: [RESOURCE] };
  const stream = await askForStream(url, { method: 'subscriptions/listen', params: { notifications } });
  await comes(stream, 'acknowledged');
  return stream;
}

async function hold(
  name: string,
  { count, limitMiB, open }: { readonly count: number; readonly limitMiB: number; readonly open: Open },
): Promise<Held> {
  const upstream = new Child(new URL('notes.ts', import.meta.url));
  const gateway = new Child(new URL('gateway.ts', import.meta.url), {
    args: [(await urlFrom(upstream)).href],
    execArgv: ['--expose-gc'],
  });
  try {
    const url = await urlFrom(gateway);
    for (const stream of await repeat(WARM_UP, () => open(url))) stream.destroy();
    const empty = await residentOf(gateway);
    const streams = await repeat(count, () => open(url));
    const full = await residentOf(gateway);
    const since = performance.now();
    const told = Promise.all(streams.map((stream) => comes(stream, 'resources/updated')));
    await ask(url, { method: 'tools/call', params: { name: 'touch', arguments: {} } });
    await told;
    const toldMs = performance.now() - since;
    for (const stream of streams) stream.destroy();
    return { name, streams: count, empty, full, limitMiB, toldMs };
  } finally {
    gateway.end();
    upstream.end();
  }
}

/** The URL that a child tells when it listens. */
export async function urlFrom(child: Child): Promise<URL> {
  const message = await child.next();
  return new URL('url' in message ? message.url : '');
}

/** Asks a gateway for its memory. */
export async function residentOf(gateway: Child): Promise<Resident> {
  const message = await gateway.ask();
  const { rss = NaN, peak = NaN, settled = NaN, heap = NaN } = 'result' in message ? message.result : {};
  return { rss, peak, settled, heap };
}
