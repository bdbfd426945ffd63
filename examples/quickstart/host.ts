import type { UpstreamStatus } from '@org/mcp-gateway';
import { Cleanup } from './cleanup.ts';
import { demonstrate } from './demonstration.ts';
import { showFailure } from './failure.ts';
import { showHints } from './hints.ts';
import { serveGateway } from './http-server.ts';
import { parseOptions, USAGE, type Options } from './options.ts';
import { isReady, showStart } from './start-table.ts';
import { stopRequested } from './stop.ts';
import { paint, type Print } from './tables.ts';
import { createGateway, SAMPLE_CALLS } from './upstreams.ts';

/** A host application with a gateway inside. @returns the exit code */
async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  const print: Print = options.json ? () => undefined : (line = '') => console.log(line);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const cleanup = new Cleanup();
  const stopped = stopRequested().then(() => {
    print('\nDraining …');
    return options.once ? 130 : 0;
  });
  try {
    const shown = run(options, cleanup, print);
    return await Promise.race([stopped, shown.then((worked) => (options.once ? Number(!worked) : stopped))]);
  } finally {
    await cleanup.run();
  }
}

/** Serves, and shows what is served. @returns whether all of it worked */
async function run(options: Options, cleanup: Cleanup, print: Print): Promise<boolean> {
  const gateway = await createGateway(options, cleanup);
  const url = await serveGateway(gateway, options.port, cleanup);
  print(`\n${paint('The gateway reaches its upstreams', 'bold')}\n`);
  const upstreams = await showStart(gateway, print);
  refuseGivenUp(upstreams);
  if (options.json) console.log(JSON.stringify({ url }));
  print(`\n${paint('An official client talks to the gateway', 'bold')}, in each era, over HTTP\n`);
  const calls = options.config === undefined ? SAMPLE_CALLS : [];
  const worked = (await demonstrate({ url, calls, print })) && upstreams.every(isReady);
  if (options.once) print(worked ? '\nAll of it worked.\n' : '\nNot all of it worked.\n');
  else showHints(url, options, print);
  return worked;
}

/** An upstream that is down may come back; one that cannot even be started is a mistake in the config. */
function refuseGivenUp(upstreams: readonly UpstreamStatus[]): void {
  const reasons = upstreams.flatMap(({ name, endpoints }) =>
    endpoints.flatMap(({ state, reason }) => (state === 'stopped' ? [`Upstream "${name}": ${reason ?? ''}.`] : [])),
  );
  if (reasons.length > 0) throw new Error(reasons.join(' '));
}

try {
  process.exitCode = await main();
} catch (thrown) {
  showFailure(thrown);
  process.exitCode = 1;
}
