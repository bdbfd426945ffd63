import { Cleanup } from './cleanup.ts';
import { showFailure } from './failure.ts';
import { parseOptions } from './options.ts';
import { stopRequested } from './stop.ts';
import { createGateway } from './upstreams.ts';

/**
 * The same gateway on standard streams, for hosts that start their servers: Claude Desktop and others. Ends with its
 * standard input. Takes `--config` and `--naming`; standard output carries messages only.
 */
const cleanup = new Cleanup();
try {
  const gateway = await createGateway(parseOptions(process.argv.slice(2)), cleanup);
  cleanup.defer(() => gateway.close());
  await Promise.race([gateway.serveStdio(), stopRequested()]);
} catch (thrown) {
  showFailure(thrown);
  process.exitCode = 1;
} finally {
  await cleanup.run();
  // Standard input may still be open; nothing else is.
  process.stdin.destroy();
}
