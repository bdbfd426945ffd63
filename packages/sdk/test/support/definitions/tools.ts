import { z } from 'zod';
import { definePrompt, defineTool } from '../../../src/server/define.ts';

export const shout = defineTool({
  name: 'shout',
  parameters: z.object({ text: z.string() }),
  handler: ({ text }) => text.toUpperCase(),
});

export default [definePrompt({ name: 'greet', handler: () => 'hello' })];
