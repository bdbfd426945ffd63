import { eagerServer } from './eager-server.ts';

await eagerServer().serveStdio();
