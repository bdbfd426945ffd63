// A desktop host's view: the demo gateway as one stdio server: `demo-stdio.ts <url> <folder>`.
import { demoGateway } from './demo-gateway.ts';

const [url = '', folder = ''] = process.argv.slice(2);
await demoGateway(url, folder).serveStdio();
