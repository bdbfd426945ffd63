import type { Handler } from '../core/handler.ts';
import { serveChannel, type ChannelOptions, type ChannelServer } from './channel.ts';
import { channelOverStreams, type ByteStreams } from '../wire/streams.node.ts';

/** How a handler is served on streams. */
export interface StdioOptions extends ChannelOptions {
  /** Other streams, e.g. of a socket. @defaultValue those of this process; nothing else may write to `stdout` */
  streams?: ByteStreams;
}

/** Serves a handler on the standard streams of this process. */
export function serveStdio(handler: Handler, { streams, ...options }: StdioOptions = {}): ChannelServer {
  const { input, output } = streams ?? { input: process.stdin, output: process.stdout };
  return serveChannel(handler, channelOverStreams({ input, output }), options);
}
