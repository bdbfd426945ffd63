import { MCPServerBuilder } from '@org/mcp-sdk';
import type { ChildMessage } from '../measure/child.ts';
import { reportCpu } from '../measure/child.ts';
import { RESOURCE } from './callers.ts';

/** An upstream with one resource that changes when `touch` is called. */
const server = new MCPServerBuilder({ name: 'notes', version: '1.0.0' })
  .addResource({ uri: RESOURCE, handler: () => 'Nothing.' })
  .addTool({
    name: 'touch',
    handler: () => {
      server.resources.updated(RESOURCE);
      return 'touched';
    },
  })
  .build();

const { url } = await server.listen();
reportCpu();
process.send?.({ url } satisfies ChildMessage);
