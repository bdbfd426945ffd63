import { setTimeout as pause } from 'node:timers/promises';
import type { JsonObject, Random } from '@org/mcp-sdk';
import { expect, it } from 'vitest';
import { Gateway, MISSING_META, type Missing } from '../src/index.ts';
import { isAlive } from './support/children.ts';
import { seededRandom, SEED } from './support/property.ts';
import { eventsOf, modernRequest } from './support/raw.ts';
import { RestartingChild, RestartingHandler, RestartingHttp, type Restarting } from './support/restarting.ts';

const CALLERS = 500;
/** How often upstreams restart; set `RESTARTS` for a longer run. */
const RESTARTS = Number(process.env.RESTARTS ?? 40);
/** How long a list may be taken as current after its server has ended. Unit: ms. */
const NOTICE_MS = 1_000;
/** Longest pause of a caller between two lists. Unit: ms. */
const CALLER_PAUSE_MS = 1_500;
/** Time between two restarts, and longest time that a server is down. Unit: ms. */
const RESTART_MS = 40;
const DOWN_MS = 300;

const URL = 'http://localhost/mcp';

/** A list as a caller got it. */
interface Answer {
  readonly askedAt: number;
  readonly names: readonly string[];
  readonly missing: readonly Missing[];
}

/** Upstreams by name, and when each of their generations ended. */
class World {
  readonly upstreams = new Map<string, Restarting>();
  readonly #ended = new Map<string, number>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
    for (let n = 0; n < 8; n++) this.upstreams.set(`p${n}`, new RestartingHandler());
    for (let n = 0; n < 8; n++) this.upstreams.set(`h${n}`, new RestartingHttp());
    for (let n = 0; n < 4; n++) this.upstreams.set(`c${n}`, new RestartingChild());
  }

  get children(): RestartingChild[] {
    return [...this.upstreams.values()].filter((upstream) => upstream instanceof RestartingChild);
  }

  async start(): Promise<void> {
    for (const upstream of this.upstreams.values()) await upstream.start();
  }

  /** Restarts upstreams at random; resolves when all are up again. */
  async restart(times: number): Promise<void> {
    const names = [...this.upstreams.keys()];
    const starting: Promise<void>[] = [];
    for (let restarts = 0; restarts < times;) {
      await pause(RESTART_MS);
      const name = names[Math.floor(this.#random.next() * names.length)]!;
      const upstream = this.upstreams.get(name)!;
      const ended = upstream.crash();
      if (ended === undefined) continue;
      restarts++;
      this.#ended.set(`${name}_${ended}`, performance.now());
      starting.push(pause(this.#random.next() * DOWN_MS).then(() => upstream.start()));
    }
    await Promise.all(starting);
    await this.start();
  }

  /** What is wrong with an answer; nothing if it is complete or names what is missing. */
  faults({ askedAt, names, missing }: Answer): string[] {
    return [...this.upstreams].flatMap(([name, upstream]) => {
      const shown = names.filter((one) => one.startsWith(`${name}_`));
      for (const one of shown) upstream.saw(one.slice(name.length + 1));
      const absent = missing.find((one) => one.upstream === name);
      if (shown.length > 1) return [`${name} is there ${shown.length} times`];
      if (!absent)
        return shown[0] === undefined ? [`${name} lacks, and nobody says so`] : this.#isOver(shown[0], askedAt);
      const isStale = absent.staleMs !== undefined;
      if (isStale !== (shown.length === 1))
        return [`${name} is missing, stale: ${isStale}, but has ${shown.length} tools`];
      return absent.reason === '' ? [`${name} is missing without a reason`] : [];
    });
  }

  #isOver(name: string, askedAt: number): string[] {
    const age = askedAt - (this.#ended.get(name) ?? Infinity);
    return age > NOTICE_MS ? [`${name} passes as current ${Math.round(age)} ms after it ended`] : [];
  }

  async close(): Promise<void> {
    for (const upstream of this.upstreams.values()) await upstream.close();
  }
}

/** A caller of either era, as its requests look to a gateway. */
class Caller {
  readonly #gateway: Gateway;
  #headers: Record<string, string> = {};
  #id = 0;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  async openLegacySession(): Promise<void> {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
    const response = await this.#post('initialize', params);
    await response.text();
    this.#headers = {
      'mcp-session-id': response.headers.get('mcp-session-id')!,
      'mcp-protocol-version': '2025-11-25',
    };
  }

  async list(): Promise<Answer> {
    const askedAt = performance.now();
    const isLegacy = 'mcp-session-id' in this.#headers;
    const request = modernRequest('tools/list', {}, { id: ++this.#id });
    const response = isLegacy ? await this.#post('tools/list') : await this.#gateway.fetch(new Request(URL, request));
    const text = await response.text();
    const message = text.startsWith('{') ? (JSON.parse(text) as JsonObject) : eventsOf(text).at(-1)!;
    const result = message.result as { tools: { name: string }[]; _meta?: JsonObject } | undefined;
    if (!result) throw new Error(`A list failed: ${text.slice(0, 300)}`);
    const missing = (result._meta?.[MISSING_META] ?? []) as Missing[];
    return { askedAt, names: result.tools.map(({ name }) => name), missing };
  }

  #post(method: string, params: JsonObject = {}): Promise<Response> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: ++this.#id, method, params });
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    return this.#gateway.fetch(new Request(URL, { method: 'POST', body, headers: { ...headers, ...this.#headers } }));
  }
}

/** What keeps the process alive, by kind. */
const resources = (): Record<string, number> => {
  const count: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) count[kind] = (count[kind] ?? 0) + 1;
  return count;
};

it(
  '500 callers list 20 upstreams that restart: each answer is complete or names what is missing, and nothing is left',
  { timeout: RESTARTS * 500 + 30_000 },
  async () => {
    const before = resources();
    const random = seededRandom();
    const world = new World(random);
    await world.start();
    const gateway = new Gateway({
      upstreams: Object.fromEntries([...world.upstreams].map(([name, { options }]) => [name, options])),
    });
    await gateway.start();
    const callers = Array.from({ length: CALLERS }, () => new Caller(gateway));
    for (const caller of callers.slice(0, CALLERS / 2)) await caller.openLegacySession();
    const stop = new AbortController();
    const faults = new Set<string>();
    let answers = 0;
    let incomplete = 0;
    const work = callers.map(async (caller) => {
      while (!stop.signal.aborted) {
        const answer = await caller.list();
        answers++;
        if (answer.missing.length > 0) incomplete++;
        for (const fault of world.faults(answer)) faults.add(fault);
        await pause(random.next() * CALLER_PAUSE_MS);
      }
    });
    await world.restart(RESTARTS);
    stop.abort();
    await Promise.all(work);

    expect([...faults], `seed ${SEED}`).toEqual([]);
    expect(answers).toBeGreaterThan(CALLERS);
    expect(incomplete).toBeGreaterThan(0);
    const caller = new Caller(gateway);
    await expect.poll(async () => (await caller.list()).missing, { timeout: 15_000, interval: 50 }).toEqual([]);
    expect((await caller.list()).names).toHaveLength(20);

    const pids = world.children.flatMap(({ pids: seen }) => [...seen]);
    expect(pids.length).toBeGreaterThan(4);
    await gateway.close();
    await world.close();
    await expect.poll(() => pids.filter(isAlive)).toEqual([]);
    await expect.poll(resources, { timeout: 5_000 }).toEqual(before);
  },
);
