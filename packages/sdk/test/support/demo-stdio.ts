import { demoServer } from './demo-server.ts';

await demoServer(() => process.stderr.write('cancelled\n')).serveStdio();
