import type { Readable, Writable } from 'node:stream';
import type { Channel } from '../wire/channel.ts';
import { atEndOfTurn } from '../wire/end-of-turn.node.ts';
import { encodeLine, LineSplitter } from '../wire/lines.ts';

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
      // A peer that is gone is told by the input; without this an EPIPE would end the process.
      output.once('error', end);
    },
    send(json) {
      if (closed || !output.writable) return;
      if (output.writableCorked === 0) {
        output.cork();
        atEndOfTurn(() => {
          output.uncork();
        });
      }
      output.write(encodeLine(json));
    },
    close() {
      output.end();
      input.destroy();
    },
  };
}
