import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { report, reportCpu } from '../measure/child.ts';
import { searchResult, type ARGUMENTS } from './tool.ts';

/** The limit: JSON is parsed and written, nothing is checked. Over HTTP, or over stdio with the argument `stdio`. */
interface Message {
  readonly id?: number;
  readonly params: { readonly arguments: typeof ARGUMENTS };
}

function answer(text: string): string {
  const { id, params } = JSON.parse(text) as Message;
  return JSON.stringify({ jsonrpc: '2.0', id, result: { resultType: 'complete', ...searchResult(params.arguments) } });
}

function overHttp(): void {
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const body = Buffer.from(answer(Buffer.concat(chunks).toString()));
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
      res.end(body);
    });
  });
  report(server);
}

if (process.argv[2] === 'stdio') {
  createInterface({ input: process.stdin }).on('line', (line) => process.stdout.write(`${answer(line)}\n`));
  reportCpu();
} else overHttp();
