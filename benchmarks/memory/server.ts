import { MCPServerBuilder } from '@org/mcp-sdk';
import type { ChildMessage } from '../measure/child.ts';
import { DESCRIPTION, PARAMETERS, search, TOOL } from '../server/tool.ts';
import { reportMemory } from './memory.ts';

/** The server whose memory is watched; `wait` tells of its progress once and answers when its caller is gone. */
const server = new MCPServerBuilder({ name: 'bench', version: '1.0.0' })
  .addTool({ name: TOOL, description: DESCRIPTION, parameters: PARAMETERS, handler: search })
  .addTool({
    name: 'wait',
    handler: (_, { signal, progress }) => {
      progress(1, 2);
      return new Promise<string>((resolve) => {
        signal.addEventListener('abort', () => resolve('gone'), { once: true });
      });
    },
  })
  .build();

const { url } = await server.listen();
reportMemory();
process.send?.({ url } satisfies ChildMessage);
