import type { AddressInfo, Server } from 'node:net';

/** What a process has used so far. */
export interface Usage {
  readonly cpuMicros: number;
  readonly rssBytes: number;
}

/** What a benchmark child tells its parent. */
export type ChildMessage = { readonly url: string } | Usage | { readonly result: Readonly<Record<string, number>> };

/** Listens on a free loopback port, tells the parent where, and answers each message with what it has used so far. */
export function report(server: Server): void {
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.send?.({ url: `http://127.0.0.1:${port}/mcp` } satisfies ChildMessage);
  });
  reportCpu();
}

/** Answers each message of the parent with what it has used so far; ends with the parent. */
export function reportCpu(): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuMicros: user + system, rssBytes: process.memoryUsage.rss() } satisfies ChildMessage);
  });
  // The parent is gone: nobody would end this process.
  process.once('disconnect', () => process.exit(0));
}

/** The URL of the upstream, which the parent gives as the first argument. */
export const upstreamUrl = (): URL => new URL(process.argv[2] ?? '');
