import type { Readable, Writable } from 'node:stream';
import type { Channel } from './channel.ts';
import { atEndOfTurn } from './end-of-turn.node.ts';
import { encodeLine, LineSplitter } from './lines.ts';

/** The two directions of a byte stream that carries newline-delimited messages. */
export interface ByteStreams {
  readonly input: Readable;
  readonly output: Writable;
}

/** Limit for one line. Unit: bytes. As long as the longest HTTP response. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** A channel over a pipe, a socket or the standard streams (stdio transport). */
export function channelOverStreams({ input, output }: ByteStreams): Channel {
  let closed = false;
  /** Resolves when the output has room again. */
  let room: Promise<void> | undefined;
  let flushed: Promise<void> | undefined;
  const splitter = new LineSplitter(MAX_LINE_BYTES);
  return {
    open(events) {
      const end = (reason?: unknown): void => {
        if (closed) return;
        closed = true;
        events.close(reason);
      };
      input.on('data', (chunk: Buffer) => {
        try {
          for (const line of splitter.push(chunk)) events.message(line);
        } catch (thrown) {
          input.destroy();
          end(thrown);
        }
      });
      input.once('end', end).once('close', end).once('error', end);
      // Without this an EPIPE would end the process. Whoever does not read has nothing more to say, either.
      output.once('error', (error) => {
        input.destroy();
        end(error);
      });
    },
    // A peer that has ended its output may still read.
    send(json) {
      if (!output.writable) return undefined;
      if (output.writableCorked === 0) {
        output.cork();
        atEndOfTurn(() => {
          output.uncork();
        });
      }
      output.write(encodeLine(json));
      if (!output.writableNeedDrain) return undefined;
      return (room ??= roomIn(output).finally(() => (room = undefined)));
    },
    close() {
      input.destroy();
      // The standard output calls nobody back that ends it a second time.
      return (flushed ??= new Promise((resolve) => {
        output.end(resolve);
      }));
    },
  };
}

/** Resolves when the stream can take more, or never will. */
const roomIn = (output: Writable): Promise<void> =>
  new Promise((resolve) => {
    const settle = (): void => {
      output.off('drain', settle).off('close', settle).off('error', settle);
      resolve();
    };
    output.on('drain', settle).on('close', settle).on('error', settle);
  });
