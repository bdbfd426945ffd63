import { z } from 'zod';
import type { Clock } from '../../src/core/clock.ts';
import { MCPServerBuilder } from '../../src/server/builder.ts';
import type { MCPServer } from '../../src/server/server.ts';
import { createFileStore } from './file-store.ts';

/** A server whose tasks outlive its process. @param hangs - whether `work` never ends, as in a process that will die */
export function taskServer(folder: string, { hangs, clock }: { hangs: boolean; clock: Clock }): MCPServer {
  const work = (): Promise<string> => (hangs ? new Promise<string>(() => undefined) : Promise.resolve('done'));
  return new MCPServerBuilder({
    name: 'tasks',
    version: '1.0.0',
    secret: new Uint8Array(32).fill(7),
    store: createFileStore(folder, clock),
    clock,
  })
    .addTool({ name: 'safe', task: true, annotations: { idempotentHint: true }, handler: work })
    .addTool({ name: 'unsafe', task: true, handler: work })
    .addTool({
      name: 'ask',
      task: true,
      handler: async (_params, { ask }) => {
        const answer = await ask(z.object({ name: z.string() }), 'Who?');
        return answer.action === 'accept' ? `Hello, ${answer.content.name}!` : 'Hello!';
      },
    })
    .addTool({
      name: 'asked',
      task: true,
      annotations: { idempotentHint: true },
      handler: async (_params, { ask }) => {
        const answer = await ask(z.object({ name: z.string() }), 'Who?');
        return `${await work()} for ${answer.action === 'accept' ? answer.content.name : 'nobody'}`;
      },
    })
    .build();
}
