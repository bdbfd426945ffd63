// #region more
import { definePrompt, defineResource } from '@org/mcp-sdk';
import { z } from 'zod';

export const pack = definePrompt({
  name: 'pack',
  parameters: z.object({ city: z.string() }),
  handler: ({ city }) => `What should I pack for ${city}?`,
});

export const cities = defineResource({ uri: 'weather://cities', handler: () => 'Lisbon' });
// #endregion
