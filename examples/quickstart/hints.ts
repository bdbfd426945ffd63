import { fileURLToPath } from 'node:url';
import type { Options } from './options.ts';
import { paint, type Print } from './tables.ts';

/** Prints how to use the gateway from other programs. */
export function showHints(url: string, options: Options, print: Print): void {
  const hint = (title: string, text: string): void => {
    print(`\n  ${paint(title, 'bold')}`);
    print(text.replaceAll(/^/gm, '  '));
  };
  print(`\nServing ${paint(url, 'good')} in both eras. Ctrl-C drains and stops.`);
  hint('MCP Inspector', `npx @modelcontextprotocol/inspector --server-url ${url} --protocol-era modern`);
  hint('VS Code: .vscode/mcp.json', spaced({ servers: { gateway: { type: 'http', url } } }));
  const { command, args } = stdioCommand(options);
  const listed = args.map((arg) => `\n    ${JSON.stringify(arg)}`).join();
  hint(
    'Claude Desktop: Settings > Developer > Edit Config (it starts a gateway of its own, on stdio)',
    `{ "mcpServers": { "gateway": {\n  "command": ${JSON.stringify(command)},\n  "args": [${listed}\n  ]\n} } }`,
  );
  print();
}

/** The command that serves the same upstreams on its standard streams, from whatever directory it is started in. */
function stdioCommand({ config, naming }: Options): { command: string; args: string[] } {
  const given = [
    ...(config === undefined ? [] : ['--config', config]),
    ...(naming === 'always' ? [] : ['--naming', naming]),
  ];
  const entry = fileURLToPath(new URL('stdio.ts', import.meta.url));
  return { command: process.execPath, args: ['--import', import.meta.resolve('tsx'), entry, ...given] };
}

/** JSON on one line, easy on the eye. */
const spaced = (value: unknown): string => JSON.stringify(value, undefined, 1).replaceAll(/\n\s*/g, ' ');
