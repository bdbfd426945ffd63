import { createServer } from 'node:http';
import { MCPServerBuilder } from '@org/mcp-sdk';
import { report, reportCpu } from '../measure/child.ts';
import { DESCRIPTION, PARAMETERS, search, TOOL } from './tool.ts';

/** Our server. Arguments: `http` or `stdio`, the number of tools, the number of middleware layers. */
const [transport, tools = '1', layers = '0'] = process.argv.slice(2);

const builder = new MCPServerBuilder({ name: 'bench', version: '1.0.0' });
for (let i = 0; i < Number(layers); i++) builder.use((next) => (call) => next(call));
for (let i = 1; i < Number(tools); i++)
  builder.addTool({ name: `${TOOL}_${i}`, description: DESCRIPTION, parameters: PARAMETERS, handler: search });
builder.addTool({ name: TOOL, description: DESCRIPTION, parameters: PARAMETERS, handler: search });
const server = builder.build();

if (transport === 'stdio') {
  reportCpu();
  await server.serveStdio();
} else report(createServer((req, res) => void server.handle(req, res)));
