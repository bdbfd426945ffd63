import { connect } from './connect.ts';
import type { Connection, ConnectOptions } from './connection.ts';
import type { Link } from './link.ts';

/**
 * Starts a server and connects to it. One that ends at what it is asked first is started once more and spoken to in the
 * other era: some legacy servers do not survive a request that they do not know, as the probe is.
 *
 * @param start - starts the server; called once or twice
 * @param over - connects to what was started, and lets go of it if that fails
 */
export async function connectStarted<O extends ConnectOptions>(
  start: () => Promise<Link>,
  options: O,
  over: (link: Link, options: O) => Promise<Connection> = connect,
): Promise<Connection> {
  const link = await start();
  const state = { isGone: false };
  void link.closed.then(() => (state.isGone = true));
  const isKnown = options.verdict?.era === 'legacy';
  try {
    return await over(link, options);
  } catch (thrown) {
    if (!state.isGone || options.era === 'legacy' || options.signal.aborted) throw thrown;
    if (isKnown) options.verdict?.forget();
    const connection = await over(await start(), isKnown ? options : { ...options, era: 'legacy' });
    options.verdict?.found(connection.era);
    return connection;
  }
}
