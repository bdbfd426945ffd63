import { MCPServerBuilder, type MCPServer } from '../../src/index.ts';

export const UPDATES = 20_000;

/** A server with a tool that tells of its progress much faster than anyone reads. */
export const eagerServer = (): MCPServer =>
  new MCPServerBuilder({ name: 'eager', version: '1.0.0' })
    .addTool({
      name: 'eager',
      handler: (_params, { progress }) => {
        for (let done = 1; done <= UPDATES; done++) progress(done, UPDATES);
        return 'done';
      },
    })
    .build();
