import { MCPServerBuilder } from '@org/mcp-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Gateway, type UpstreamOptions } from '../src/index.ts';
import { EVERYTHING, Replica, STDIO, textOf } from './support/children.ts';

const CALLS_EACH = 250;
const WORKERS_EACH = 5;

/** One of the calls. */
interface Sample {
  readonly upstream: string;
  readonly ms: number;
  readonly error: string | undefined;
  readonly begun: number;
}

let gateway: Gateway | undefined;
const replicas: Replica[] = [];
let other: Replica;

beforeAll(async () => {
  other = await Replica.start();
});
afterAll(() => other.end());

afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
  await Promise.all(replicas.splice(0).map((replica) => replica.end()));
});

async function replica(port?: number): Promise<Replica> {
  const started = await Replica.start(port);
  replicas.push(started);
  return started;
}

const local = new MCPServerBuilder({ name: 'local', version: '1' })
  .addTool({ name: 'wait', handler: () => new Promise<string>((resolve) => setTimeout(resolve, 15, 'waited')) })
  .build();

const CALLS: Record<string, [string, object]> = {
  local: ['local_wait', {}],
  other: ['other_wait', { ms: 15 }],
  every: ['every_echo', { message: 'hi' }],
  victim: ['victim_wait', { ms: 15 }],
};

async function setUp(victim: UpstreamOptions): Promise<Gateway> {
  gateway = new Gateway({
    upstreams: { local: { server: local }, other: { url: other.url }, every: EVERYTHING, victim },
  });
  const status = await gateway.start();
  expect(status.map(({ endpoints }) => endpoints[0]?.state)).toEqual(['ready', 'ready', 'ready', 'ready']);
  return gateway;
}

/** Sends 1,000 calls, 250 to each upstream, and lets `strike` happen in the middle. */
async function thousand(strike: () => void): Promise<Sample[]> {
  const samples: Sample[] = [];
  let struck = false;
  const send = async (upstream: string): Promise<void> => {
    const begun = performance.now();
    const [name, args] = CALLS[upstream]!;
    const error = await gateway!.call('tools/call', { name, arguments: args }).then(
      () => undefined,
      (thrown: unknown) => String(thrown),
    );
    samples.push({ upstream, error, begun, ms: performance.now() - begun });
    if (struck || samples.length < 400) return;
    struck = true;
    strike();
  };
  const workers = Object.keys(CALLS).flatMap((upstream) => {
    let left = CALLS_EACH;
    return Array.from({ length: WORKERS_EACH }, async () => {
      while (left-- > 0) await send(upstream);
    });
  });
  await Promise.all(workers);
  return samples;
}

const quantile = (values: number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? 0;

/** Checks what holds for all upstreams but the victim, and gives the failures of the victim. */
function expectOthersUnharmed(what: string, samples: Sample[]): Sample[] {
  expect(samples).toHaveLength(4 * CALLS_EACH);
  const others = samples.filter(({ upstream }) => upstream !== 'victim');
  expect(others.filter(({ error }) => error !== undefined)).toEqual([]);
  expect(Math.max(...others.map(({ ms }) => ms))).toBeLessThan(1_000);
  const failures = samples.filter(({ error }) => error !== undefined);
  for (const { error } of failures) expect(error).toContain('Upstream "victim"');
  const [p50, p99, max] = [0.5, 0.99, 1].map((q) =>
    quantile(
      others.map(({ ms }) => ms),
      q,
    ).toFixed(1),
  );
  const slowest = Math.max(0, ...failures.map(({ ms }) => ms)).toFixed(0);
  figure(`${what}: ${failures.length} failed, slowest ${slowest} ms; others p50 ${p50}, p99 ${p99}, max ${max} ms`);
  return failures;
}

/** Tells a measured figure when asked to: `FIGURES=1`. */
const figure = (text: string): void => {
  if (process.env.FIGURES) process.stderr.write(`${text}\n`);
};

const call = async (name: string, args = {}): Promise<string> =>
  textOf(await gateway!.call('tools/call', { name, arguments: args }));

/** Resolves when the victim works; the spec of this is 5 s. */
async function expectBack(what: string): Promise<void> {
  const since = performance.now();
  await vi.waitFor(() => call('victim_echo', { text: 'back' }), { timeout: 5_000, interval: 20 });
  figure(`${what}: back after ${(performance.now() - since).toFixed(0)} ms`);
}

describe('an upstream that is killed amid 1,000 calls over four upstreams', () => {
  it('harms nobody else and is started again: a child process', { timeout: 30_000 }, async () => {
    await setUp(STDIO);
    const pid = Number(await call('victim_pid'));
    const samples = await thousand(() => process.kill(pid, 'SIGKILL'));
    const failures = expectOthersUnharmed('SIGKILL child', samples);
    expect(failures.length).toBeGreaterThan(0);
    expect(Math.max(...failures.map(({ ms }) => ms))).toBeLessThan(1_000);
    await expectBack('SIGKILL child');
    expect(Number(await call('victim_pid'))).not.toBe(pid);
  });

  it('harms nobody else and is found again: an HTTP server with one endpoint', { timeout: 30_000 }, async () => {
    const doomed = await replica();
    await setUp({ url: doomed.url });
    const samples = await thousand(() => {
      doomed.signal('SIGKILL');
    });
    const failures = expectOthersUnharmed('SIGKILL HTTP, one endpoint', samples);
    expect(failures.length).toBeGreaterThan(0);
    expect(Math.max(...failures.map(({ ms }) => ms))).toBeLessThan(1_000);
    await expect(call('victim_pid')).rejects.toThrow('Upstream "victim": ');
    const next = await replica(doomed.port);
    await expectBack('SIGKILL HTTP, one endpoint');
    expect(Number(await call('victim_pid'))).toBe(next.pid);
  });

  it('is stood in for by its other endpoint', { timeout: 30_000 }, async () => {
    const [doomed, spare] = await Promise.all([replica(), replica()]);
    await setUp({ endpoints: [{ url: doomed.url }, { url: spare.url }] });
    await vi.waitFor(() => {
      expect(gateway?.status()[3]?.endpoints.map(({ state }) => state)).toEqual(['ready', 'ready']);
    });
    let struck = 0;
    const samples = await thousand(() => {
      struck = performance.now();
      doomed.signal('SIGKILL');
    });
    const failures = expectOthersUnharmed('SIGKILL HTTP, two endpoints', samples);
    expect(failures.length).toBeLessThanOrEqual(WORKERS_EACH * 2);
    expect(failures.filter(({ begun }) => begun > struck + 200)).toEqual([]);
    expect(Number(await call('victim_pid'))).toBe(spare.pid);
    await replica(doomed.port);
    await vi.waitFor(
      () => {
        expect(gateway?.status()[3]?.endpoints.map(({ state }) => state)).toEqual(['ready', 'ready']);
      },
      { timeout: 5_000 },
    );
    const pids = await Promise.all(Array.from({ length: 6 }, () => call('victim_pid')));
    expect(new Set(pids).size).toBe(2);
  });
});

describe('an upstream that freezes amid 1,000 calls over four upstreams', () => {
  it('harms nobody else and goes on when it thaws: a child process', { timeout: 30_000 }, async () => {
    await setUp(STDIO);
    const pid = Number(await call('victim_pid'));
    const samples = await thousand(() => process.kill(pid, 'SIGSTOP'));
    const failures = expectOthersUnharmed('SIGSTOP child', samples);
    expect(failures.length).toBeGreaterThan(0);
    expect(Math.max(...failures.map(({ ms }) => ms))).toBeLessThan(1_200);
    process.kill(pid, 'SIGCONT');
    await expectBack('SIGCONT child');
    expect(Number(await call('victim_pid'))).toBe(pid);
  });

  it('harms nobody else and goes on when it thaws: an HTTP server with one endpoint', { timeout: 30_000 }, async () => {
    const frozen = await replica();
    await setUp({ url: frozen.url });
    const samples = await thousand(() => {
      frozen.signal('SIGSTOP');
    });
    const failures = expectOthersUnharmed('SIGSTOP HTTP, one endpoint', samples);
    expect(failures.length).toBeGreaterThan(0);
    expect(Math.max(...failures.map(({ ms }) => ms))).toBeLessThan(1_200);
    frozen.signal('SIGCONT');
    await expectBack('SIGCONT HTTP, one endpoint');
  });

  it('is stood in for by its other endpoint', { timeout: 30_000 }, async () => {
    const [frozen, spare] = await Promise.all([replica(), replica()]);
    await setUp({ endpoints: [{ url: frozen.url }, { url: spare.url }] });
    await vi.waitFor(() => {
      expect(gateway?.status()[3]?.endpoints.map(({ state }) => state)).toEqual(['ready', 'ready']);
    });
    const samples = await thousand(() => {
      frozen.signal('SIGSTOP');
    });
    const failures = expectOthersUnharmed('SIGSTOP HTTP, two endpoints', samples);
    expect(failures.length).toBeLessThanOrEqual(WORKERS_EACH * 2);
    expect(Math.max(0, ...failures.map(({ ms }) => ms))).toBeLessThan(1_200);
    const pids = await Promise.all(Array.from({ length: 6 }, () => call('victim_pid')));
    expect(new Set(pids.map(Number))).toEqual(new Set([spare.pid]));
    frozen.signal('SIGCONT');
    await vi.waitFor(
      () => {
        expect(gateway?.status()[3]?.endpoints.map(({ state }) => state)).toEqual(['ready', 'ready']);
      },
      { timeout: 5_000 },
    );
  });
});

describe('an upstream of the legacy era that is replaced', () => {
  it('is found again, though its session is gone', { timeout: 30_000 }, async () => {
    const doomed = await Replica.startLegacy();
    replicas.push(doomed);
    gateway = new Gateway({ upstreams: { victim: { url: doomed.url } } });
    expect(Number(await call('victim_pid'))).toBe(doomed.pid);
    await doomed.end();
    await expect(call('victim_pid')).rejects.toThrow('Upstream "victim": ');
    const next = await Replica.startLegacy(doomed.port);
    replicas.push(next);
    await vi.waitFor(async () => expect(Number(await call('victim_pid'))).toBe(next.pid), { timeout: 5_000 });
  });
});

describe('an upstream that is only busy', () => {
  it('is not taken for dead, though more calls run than it has connections', { timeout: 30_000 }, async () => {
    gateway = new Gateway({ upstreams: { victim: { url: other.url } } });
    await gateway.start();
    const calls = Array.from({ length: 150 }, () => call('victim_wait', { ms: 1_500 }));
    const settled = await Promise.allSettled(calls);
    expect(settled.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))).toEqual([]);
  });
});
