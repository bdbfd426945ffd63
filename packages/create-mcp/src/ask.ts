import { createInterface } from 'node:readline/promises';

/**
 * Asks the person at the terminal.
 * @returns the line; empty when the terminal was closed (Ctrl-C, Ctrl-D) instead
 */
export async function ask(
  question: string,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<string> {
  const terminal = createInterface({ input, output });
  // A question whose terminal is closed never settles: Node would exit with code 13 and no message.
  const closed = new Promise<string>((resolve) => {
    terminal.once('close', () => {
      resolve('');
    });
  });
  try {
    return await Promise.race([terminal.question(question).catch(() => ''), closed]);
  } finally {
    terminal.close();
  }
}
