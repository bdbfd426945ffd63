import type { Schema } from '@org/mcp-sdk';

/** A schema whose document is shown as it is: zod cannot write every keyword. */
export const documented = (document: Record<string, unknown>): Schema<Record<string, unknown>> => ({
  '~standard': {
    version: 1,
    vendor: 'conformance',
    validate: (value) => ({ value: value as Record<string, unknown> }),
    jsonSchema: { input: () => document, output: () => document },
  },
});
