import { systemClock } from '../core/clock.ts';
import type { Call } from '../core/call.ts';
import type { Handler } from '../core/handler.ts';
import type { JsonObject } from '../core/json.ts';
import { linkOverChannel } from '../connect/channel-link.ts';
import { connect } from '../connect/connect.ts';
import type { Connection, ConnectOptions } from '../connect/connection.ts';
import { channelToOfficial, type OfficialServer } from '../connect/official.ts';
import { systemRandom } from '../core/random.ts';
import { ParkedCalls } from '../connect/parked-calls.ts';

/** An official server object as a server of this package: mount it, serve it, test it. */
export interface BridgedServer {
  /** The server as a function. It is connected at the first call. */
  readonly handler: Handler;
  /** Lets go of the server; running calls fail. It is connected again if it is called again. */
  close(): Promise<void>;
}

/**
 * What the server may ask of whoever calls. Not roots: servers ask for them outside of calls, and the callers that share
 * this one session have different ones.
 */
const ASKABLE: JsonObject = { elicitation: { form: {}, url: {} }, sampling: { tools: {} } };

/**
 * Makes a handler of a server of `@modelcontextprotocol/server` (v2): an `McpServer` or a `Server`.
 *
 * @remarks The object is known by its shape, so that any copy of the package will do. It takes one connection at a time:
 * do not connect it to a transport as well.
 */
export function fromMcpServer(server: OfficialServer): BridgedServer {
  return new Bridge(server);
}

/** Makes a handler of a server of `@modelcontextprotocol/sdk` (v1). See {@link fromMcpServer}. */
export function fromV1(server: OfficialServer): BridgedServer {
  return new Bridge(server);
}

class Bridge implements BridgedServer {
  readonly #server: OfficialServer;
  readonly #parked = new ParkedCalls(systemClock, systemRandom);
  #connection: Promise<Connection> | undefined;

  constructor(server: OfficialServer) {
    this.#server = server;
  }

  readonly handler = async (call: Call): ReturnType<Handler> => {
    this.#connection ??= this.#connect();
    const { handler } = await this.#connection;
    return this.#parked.answer(call, handler);
  };

  async close(): Promise<void> {
    this.#parked.close();
    const connection = await this.#connection?.catch(() => undefined);
    this.#connection = undefined;
    await connection?.close();
  }

  #connect(): Promise<Connection> {
    const options: ConnectOptions & { clientCapabilities: JsonObject } = {
      clientInfo: { name: 'bridge', version: '1.0.0' },
      clientCapabilities: ASKABLE,
      answer: (request) => this.#parked.ask(request),
      clock: systemClock,
      // Nobody's: the connection outlives the call that opened it.
      signal: new AbortController().signal,
      era: 'legacy',
    };
    const connecting = connect(linkOverChannel(channelToOfficial(this.#server), 'the official server'), options);
    const forget = (): void => {
      if (this.#connection === connecting) this.#connection = undefined;
    };
    connecting.then(({ closed }) => closed).then(forget, forget);
    return connecting;
  }
}
