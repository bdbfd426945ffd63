// Tells what it finds in its environment; ends, or stops to answer, when it is told to.
import { MCPServerBuilder } from '../../src/index.ts';

const read = (name: string): string => process.env[name] ?? 'none';

await new MCPServerBuilder({ name: 'environment', version: String(process.pid) })
  .addTool({
    name: 'environment',
    handler: () => ({ FIRST: read('FIRST'), SECOND: read('SECOND'), SECRET: read('SECRET') }),
  })
  .addTool({ name: 'die', handler: () => process.exit(3) })
  .addTool({
    name: 'complain',
    handler: () => {
      process.stderr.write('out of tea\n');
      return 'complained';
    },
  })
  .build()
  .serveStdio();
