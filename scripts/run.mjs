// Runs TypeScript on the built packages: `node --import ./scripts/run.mjs file.ts`. One process, so that a signal to it
// reaches the program, and children that are forked with the same flags run the same way.
import { fileURLToPath } from 'node:url';

process.env.TSX_TSCONFIG_PATH ??= fileURLToPath(new URL('config/tsconfig.run.json', import.meta.url));
await import('tsx');
