import { createServer } from 'node:http';
import { report } from '../measure/child.ts';

/**
 * The cheapest MCP server there can be: it finds the id and the method and answers with constants, so that what is
 * measured is what stands before it.
 */
const ID = /"id":("[^"]*"|\d+)/;
const TEXT = 'x'.repeat(100);
const RESULTS: Readonly<Record<string, string>> = {
  'tools/call': `{"resultType":"complete","content":[{"type":"text","text":"${TEXT}"}]}`,
  'tools/list': `{"resultType":"complete","tools":[{"name":"echo","inputSchema":{"type":"object"}}],"ttlMs":600000,"cacheScope":"public"}`,
  'server/discover': `{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":600000,"cacheScope":"public"}`,
};
const UNKNOWN = '{"code":-32601,"message":"Method not found"}';

const server = createServer((req, res) => {
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => {
    const id = ID.exec(Buffer.concat(chunks).toString('latin1'))?.[1] ?? 'null';
    const result = RESULTS[String(req.headers['mcp-method'])];
    const body = `{"jsonrpc":"2.0","id":${id},${result ? `"result":${result}` : `"error":${UNKNOWN}`}}`;
    res.writeHead(result ? 200 : 404, { 'content-type': 'application/json', 'content-length': body.length });
    res.end(body);
  });
});
report(server);
