import { z } from 'zod';

/** The tool that all servers of the benchmark have. */
export const TOOL = 'search';
export const DESCRIPTION = 'Finds documents.';
export const PARAMETERS = z.object({ query: z.string().min(1).max(200), limit: z.number().int().min(1).max(100) });
/** What each call gives it. */
export const ARGUMENTS = { query: 'power of two random choices', limit: 10 };

const TEXT = 'The quick brown fox jumps over the lazy dog. '.repeat(4);

/** Its work: a text of about 200 bytes. */
export const search = ({ query, limit }: z.infer<typeof PARAMETERS>): string => `${limit} of "${query}": ${TEXT}`;

/** A result as official servers return it. */
export const searchResult = (args: z.infer<typeof PARAMETERS>): { content: { type: 'text'; text: string }[] } => ({
  content: [{ type: 'text', text: search(args) }],
});
