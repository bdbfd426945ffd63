import { createServer } from 'node:http';
import { Gateway } from '@org/mcp-gateway';
import { MCPServerBuilder } from '@org/mcp-sdk';

const clock = new MCPServerBuilder({ name: 'clock', version: '1.0.0' })
  .addTool({ name: 'now', description: 'Tells the time', handler: () => new Date().toISOString() })
  .build();
const gateway = new Gateway({
  upstreams: {
    clock: { server: clock },
    everything: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-everything'] },
  },
});
const server = createServer((req, res) => void gateway.handle(req, res));
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => console.log(server.address()));
