import type { Handler } from '../core/handler.ts';
import { serveChannel, type ChannelServer } from './channel.ts';
import { channelOverStreams, type ByteStreams } from './stdio.node.ts';

/**
 * Serves a handler on the standard streams of this process; nothing else may write to `stdout`.
 * @param streams - other streams to use, e.g. of a socket
 */
export const serveStdio = (
  handler: Handler,
  streams: ByteStreams = { input: process.stdin, output: process.stdout },
): ChannelServer => serveChannel(handler, channelOverStreams(streams));
