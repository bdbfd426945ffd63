import { fileURLToPath } from 'node:url';

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** The command that starts the upstream on standard streams. */
export const stdioCommand = (era: 'modern' | 'legacy'): { readonly command: string; readonly args: string[] } => ({
  command: process.execPath,
  args: ['--import', pathOf('../../scripts/run.mjs'), pathOf('upstream-stdio.ts'), era],
});
