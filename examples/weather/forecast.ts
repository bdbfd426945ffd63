// #region tool
import { defineTool } from '@org/mcp-sdk';
import { z } from 'zod';

export default defineTool({
  name: 'forecast',
  parameters: z.object({ city: z.string() }),
  handler: ({ city }) => `It is sunny in ${city}.`,
});
// #endregion
