import { referenceServer } from './reference-server.ts';

await referenceServer().serveStdio();
