import { setTimeout as pause } from 'node:timers/promises';
import { Gateway } from '@org/mcp-gateway';
import { MCPServerBuilder } from '@org/mcp-sdk';
import { printOutcome, type CallRecord } from './report.ts';
import { HttpVictim, pidOf, stdioServer } from './victims.ts';

/**
 * 1,000 calls spread over four upstreams; in the middle of them one upstream is killed, or frozen, and comes back
 * later. Shows what the others notice, how soon calls to the victim fail, and how soon they work again.
 */
const UPSTREAMS = ['local', 'pipe', 'other', 'web'] as const;
const CALLERS_PER_UPSTREAM = 5;
const CALLS_PER_CALLER = 50;
const PAUSE_MS = 40;
const FAULT_AFTER_MS = 800;
const OUTAGE_MS = 2_000;

interface Fault {
  readonly name: string;
  readonly victim: (typeof UPSTREAMS)[number];
  strike(pid: number): void;
  /** Brings the victim back; a stdio child that was killed is brought back by the gateway. */
  heal(pid: number, web: HttpVictim): Promise<void> | void;
}

const FAULTS: readonly Fault[] = [
  {
    name: 'HTTP upstream killed',
    victim: 'web',
    strike: (pid) => process.kill(pid, 'SIGKILL'),
    heal: (_, web) => web.start(),
  },
  {
    name: 'HTTP upstream frozen',
    victim: 'web',
    strike: (pid) => process.kill(pid, 'SIGSTOP'),
    heal: (pid) => void process.kill(pid, 'SIGCONT'),
  },
  {
    name: 'stdio upstream killed',
    victim: 'pipe',
    strike: (pid) => process.kill(pid, 'SIGKILL'),
    heal: () => undefined,
  },
  {
    name: 'stdio upstream frozen',
    victim: 'pipe',
    strike: (pid) => process.kill(pid, 'SIGSTOP'),
    heal: (pid) => void process.kill(pid, 'SIGCONT'),
  },
];

async function rehearse(fault: Fault): Promise<void> {
  const web = new HttpVictim();
  await web.start();
  const local = new MCPServerBuilder({ name: 'local', version: '1.0.0' }).addTool({
    name: 'pid',
    handler: () => process.pid,
  });
  const gateway = new Gateway({
    upstreams: { local: { server: local.build() }, pipe: stdioServer, other: stdioServer, web: { url: web.url } },
  });
  await gateway.start();
  const pid = await pidOf(gateway, fault.victim);
  try {
    const records: CallRecord[] = [];
    const load = Promise.all(UPSTREAMS.flatMap((upstream) => callers(gateway, upstream, records)));
    await pause(FAULT_AFTER_MS);
    const struckAt = performance.now();
    fault.strike(pid);
    await pause(OUTAGE_MS);
    await fault.heal(pid, web);
    const healedAt = performance.now();
    await firstSuccess(gateway, fault.victim);
    const recoveryMs = performance.now() - healedAt;
    await load;
    printOutcome(fault, records, { struckAt, recoveryMs });
  } finally {
    await gateway.close();
    web.end();
  }
}

const callers = (gateway: Gateway, upstream: string, records: CallRecord[]): Promise<void>[] =>
  Array.from({ length: CALLERS_PER_UPSTREAM }, () => callAgainAndAgain(gateway, upstream, records));

async function callAgainAndAgain(gateway: Gateway, upstream: string, records: CallRecord[]): Promise<void> {
  for (let i = 0; i < CALLS_PER_CALLER; i++) {
    const at = performance.now();
    const error = await gateway.call('tools/call', { name: `${upstream}_pid`, arguments: {} }).then(
      () => undefined,
      (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown)),
    );
    records.push({ upstream, at, ms: performance.now() - at, error });
    await pause(PAUSE_MS);
  }
}

async function firstSuccess(gateway: Gateway, upstream: string): Promise<void> {
  for (;;) {
    const pid = await pidOf(gateway, upstream).catch(() => undefined);
    if (pid !== undefined) return;
    await pause(10);
  }
}

for (const fault of FAULTS) await rehearse(fault);
