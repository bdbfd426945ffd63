import { Child } from '../measure/child-process.ts';
import type { Load } from '../measure/load.ts';
import { loadHttp, type HttpTarget } from './http-load.ts';
import type { Era } from './requests.ts';
import { StdioCaller } from './stdio-load.ts';

/** One row: a server and how it is called. */
export interface Scenario {
  readonly name: string;
  /** The row it is compared with. */
  readonly peer: string;
  readonly child: Child;
  readonly load: (seconds: number) => Promise<Load>;
}

interface Plan {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly peer: string;
  /** How it is called over HTTP; otherwise over its pipes, in `stdio`. */
  readonly http?: HttpTarget['era'];
  readonly stdio?: Era;
}

const ECHO = 'node:http JSON echo';
const MODERN = 'ours, modern';
const SESSION = 'ours, legacy session';
const PIPE_ECHO = 'stdio: JSON echo';
const PIPE_MODERN = 'stdio: ours, modern';
const PIPE_LEGACY = 'stdio: ours, legacy';

const PLANS: readonly Plan[] = [
  { name: ECHO, file: 'echo.ts', args: ['http'], http: 'modern', peer: ECHO },
  { name: MODERN, file: 'ours.ts', args: ['http'], http: 'modern', peer: ECHO },
  { name: 'ours, modern, 200 tools', file: 'ours.ts', args: ['http', '200'], http: 'modern', peer: MODERN },
  { name: 'ours, modern, 10 layers', file: 'ours.ts', args: ['http', '1', '10'], http: 'modern', peer: MODERN },
  { name: 'official v2, modern', file: 'official-v2.ts', args: ['http'], http: 'modern', peer: MODERN },
  { name: SESSION, file: 'ours.ts', args: ['http'], http: 'session', peer: ECHO },
  { name: 'official v2, legacy, no session', file: 'official-v2.ts', args: ['http'], http: 'stateless', peer: SESSION },
  { name: 'official v2, session, JSON', file: 'official-v2.ts', args: ['session'], http: 'session', peer: SESSION },
  { name: 'official v2, session, SSE', file: 'official-v2.ts', args: ['session-sse'], http: 'session', peer: SESSION },
  { name: 'official v1, session, JSON', file: 'official-v1.ts', args: ['session'], http: 'session', peer: SESSION },
  { name: 'official v1, session, SSE', file: 'official-v1.ts', args: ['session-sse'], http: 'session', peer: SESSION },
  { name: PIPE_ECHO, file: 'echo.ts', args: ['stdio'], stdio: 'modern', peer: PIPE_ECHO },
  { name: PIPE_MODERN, file: 'ours.ts', args: ['stdio'], stdio: 'modern', peer: PIPE_ECHO },
  { name: 'stdio: official v2, modern', file: 'official-v2.ts', args: ['stdio'], stdio: 'modern', peer: PIPE_MODERN },
  { name: PIPE_LEGACY, file: 'ours.ts', args: ['stdio'], stdio: 'legacy', peer: PIPE_ECHO },
  { name: 'stdio: official v2, legacy', file: 'official-v2.ts', args: ['stdio'], stdio: 'legacy', peer: PIPE_LEGACY },
  { name: 'stdio: official v1, legacy', file: 'official-v1.ts', args: ['stdio'], stdio: 'legacy', peer: PIPE_LEGACY },
];

/** What to start. */
export interface StartOptions {
  /** Rows whose name matches it; all when empty. */
  readonly only: RegExp;
  readonly connections: number;
  /** Core of the servers; undefined leaves them alone. */
  readonly core: number | undefined;
  readonly execArgv: readonly string[];
}

/** Starts the servers of all rows. */
export function startScenarios(options: StartOptions): Promise<Scenario[]> {
  return Promise.all(PLANS.filter(({ name }) => options.only.test(name)).map((plan) => start(plan, options)));
}

async function start({ name, peer, file, args, ...plan }: Plan, options: StartOptions): Promise<Scenario> {
  const { connections, core, execArgv } = options;
  const child = new Child(new URL(file, import.meta.url), {
    ...{ args, execArgv, pipes: plan.http === undefined },
    ...(core === undefined ? {} : { core }),
  });
  if (plan.http) {
    const target = { url: await child.url(), era: plan.http, connections };
    return { name, peer, child, load: (seconds) => loadHttp(target, { seconds }) };
  }
  const caller = new StdioCaller(child.streams, plan.stdio ?? 'modern', connections);
  if (plan.stdio === 'legacy') await caller.initialize();
  return { name, peer, child, load: (seconds) => caller.run(seconds) };
}
