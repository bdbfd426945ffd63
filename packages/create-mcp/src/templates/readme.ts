import type { Transport } from '../transport.ts';

const fence = '```';

const usage = (name: string, transport: Transport): string =>
  transport === 'stdio'
    ? `Clients start the server themselves. Most are configured with:

${fence}json
{
  "mcpServers": {
    "${name}": { "command": "node", "args": ["/path/to/${name}/dist/main.js"] }
  }
}
${fence}`
    : `${fence}sh
npm start
${fence}

It listens on \`http://127.0.0.1:3000/mcp\`; the environment variable \`PORT\` sets another port. Clients on this machine are
configured with that URL.`;

/** `README.md` of a project. */
export const readme = (name: string, transport: Transport): string => `# ${name}

An MCP (Model Context Protocol) server.

${fence}sh
npm install
npm run build
npm test
${fence}

${usage(name, transport)}

- \`src/server.ts\` holds the tools; add yours with \`addTool\`, \`addPrompt\` and \`addResource\`.
- \`src/server.test.ts\` calls them without a transport.
- \`src/main.ts\` makes the server reachable.
`;
