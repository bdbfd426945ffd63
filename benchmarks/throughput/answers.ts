/** What the upstreams of the benchmark are. */
export interface UpstreamOptions {
  readonly era: 'modern' | 'legacy';
  /** Bytes of the text that the tool returns. */
  readonly textBytes?: number;
}

const ID = /"id":("[^"]*"|\d+)/;
const TOOLS = '"tools":[{"name":"echo","inputSchema":{"type":"object"}}]';
const CAPABILITIES = '"capabilities":{"tools":{}}';
const CACHE = '"ttlMs":600000,"cacheScope":"public"';

/**
 * The cheapest MCP server there can be: it finds the id and the method and answers with constants, so that what is
 * measured is what stands before it.
 *
 * @returns the answer to a message as JSON, or undefined to a notification
 */
export function createAnswers({ era, textBytes = 100 }: UpstreamOptions): (message: string) => string | undefined {
  const results = resultsOf(era, 'x'.repeat(textBytes));
  return (message) => {
    const id = ID.exec(message)?.[1];
    if (id === undefined) return undefined;
    const result = results.find(([method]) => message.includes(method))?.[1] ?? UNKNOWN;
    return `{"jsonrpc":"2.0","id":${id},${result}}`;
  };
}

const UNKNOWN = '"error":{"code":-32601,"message":"Method not found"}';

/** What follows the id, by what a message has in it; the method that is called most comes first. */
function resultsOf(era: UpstreamOptions['era'], text: string): [method: string, result: string][] {
  const content = `"content":[{"type":"text","text":"${text}"}]`;
  if (era === 'legacy')
    return [
      ['"tools/call"', `"result":{${content}}`],
      ['"tools/list"', `"result":{${TOOLS}}`],
      [
        '"initialize"',
        `"result":{"protocolVersion":"2025-11-25",${CAPABILITIES},"serverInfo":{"name":"up","version":"1.0.0"}}`,
      ],
      ['"ping"', '"result":{}'],
    ];
  return [
    ['"tools/call"', `"result":{"resultType":"complete",${content}}`],
    ['"tools/list"', `"result":{"resultType":"complete",${TOOLS},${CACHE}}`],
    [
      '"server/discover"',
      `"result":{"resultType":"complete","supportedVersions":["2026-07-28"],${CAPABILITIES},${CACHE}}`,
    ],
  ];
}
