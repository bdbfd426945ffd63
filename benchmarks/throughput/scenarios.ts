import { Child } from '../measure/child-process.ts';
import { Connection } from '../measure/connection.ts';
import { GENERATOR_CORE, onCore, SERVER_CORE, SPREAD_CORES } from '../measure/cores.ts';
import { driveClosed, type Limit } from '../measure/drive.ts';
import { measureRun, type Run } from '../measure/rows.ts';
import { endSession, openSession } from '../server/requests.ts';
import { startPeer } from './peers.ts';
import { requestFor } from './requests.ts';
import { UPSTREAMS, type RowPlan, type UpstreamName } from './rows.ts';

/** A row whose server runs. */
export interface Scenario {
  readonly plan: RowPlan;
  readonly url: string;
  readonly child: Child;
}

type Started = Pick<Scenario, 'child' | 'url'>;

interface Place {
  readonly core: number | string;
  /** @defaultValue `[]` */
  readonly execArgv?: readonly string[];
}

/** Starts servers, and the upstreams that they need; ends all of them. */
export class Servers {
  readonly #execArgv: readonly string[];
  readonly #children: Child[] = [];
  readonly #upstreams = new Map<UpstreamName, Promise<Started>>();

  /** @param execArgv - flags of Node for the servers that are measured */
  constructor(execArgv: readonly string[] = []) {
    this.#execArgv = execArgv;
  }

  /** Starts the servers of rows. */
  start(plans: readonly RowPlan[]): Promise<Scenario[]> {
    return Promise.all(plans.map(async (plan) => ({ plan, ...(await this.#startServer(plan)) })));
  }

  end(): void {
    for (const child of this.#children) child.end();
  }

  async #startServer({ server, upstream, isSpread }: RowPlan): Promise<Started> {
    if (typeof server === 'string') return this.#upstream(server);
    if ('peer' in server) {
      const started = await startPeer(server.peer);
      this.#children.push(started.child);
      return started;
    }
    const [file, ...args] = server;
    const url = upstream === undefined ? [] : [(await this.#upstream(upstream)).url];
    return this.#startFile(file, [...args, ...url], {
      core: isSpread ? SPREAD_CORES : SERVER_CORE,
      execArgv: this.#execArgv,
    });
  }

  #upstream(name: UpstreamName): Promise<Started> {
    const { file, args } = UPSTREAMS[name];
    const started = this.#upstreams.get(name) ?? this.#startFile(file, args, { core: GENERATOR_CORE });
    this.#upstreams.set(name, started);
    return started;
  }

  async #startFile(file: string, args: readonly string[], { core, execArgv = [] }: Place): Promise<Started> {
    const child = new Child(new URL(file, import.meta.url), { args, execArgv, ...onCore(core) });
    this.#children.push(child);
    return { child, url: await child.url() };
  }
}

/** Opens the connections of a row, each with a session of its own if it needs one. */
export async function openConnections({ plan, url }: Scenario, count: number): Promise<Opened> {
  const open = async (): Promise<string | undefined> => (plan.request === 'session' ? openSession(url) : undefined);
  const sessions = await Promise.all(Array.from({ length: count }, open));
  const target = new URL(url);
  return {
    connections: sessions.map(
      (session) => new Connection(target, requestFor(plan.request, target, session), plan.expected),
    ),
    close: async () => {
      for (const session of sessions) if (session !== undefined) await endSession(url, session);
    },
  };
}

/** Connections, and what ends their sessions. */
export interface Opened {
  readonly connections: readonly Connection[];
  readonly close: () => Promise<void>;
}

/** One run of a row in a closed loop. Sessions are opened before and ended after. */
export async function runScenario(scenario: Scenario, connections: number, limit: Limit): Promise<Run> {
  const opened = await openConnections(scenario, connections);
  const run = await measureRun(scenario.child, () => driveClosed(opened.connections, limit));
  await opened.close();
  return run;
}
