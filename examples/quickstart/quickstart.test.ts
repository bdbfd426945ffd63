import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { MCPServerBuilder } from '@org/mcp-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const { resolve } = createRequire(import.meta.url);
const root = fileURLToPath(new URL('../../', import.meta.url));
const tsx = pathToFileURL(resolve('tsx')).href;
const fileOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const everything = resolve('@modelcontextprotocol/server-everything/dist/index.js');
const folder = mkdtempSync(join(tmpdir(), 'quickstart-'));
const started = new Set<ChildProcess>();

/** Runs the host as `npm start` does: on the built packages. */
function startHost(...args: string[]) {
  const child = spawn(process.execPath, ['--import', tsx, fileOf('host.ts'), ...args], {
    cwd: root,
    env: { ...process.env, TSX_TSCONFIG_PATH: 'scripts/config/tsconfig.run.json', INIT_CWD: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const ended = once(child, 'close').then(([code, signal]) => ({ code: (code ?? signal) as unknown, ...output }));
  const line = once(createInterface(child.stdout), 'line').then(([text]) => text as string);
  const ready = Promise.race([line, ended.then(() => Promise.reject(new Error(output.stderr)))]);
  ready.catch(() => undefined);
  return { child, ended, ready };
}

/** Starts a serving host. @returns its URL, too */
async function serveHost(...args: string[]) {
  const host = startHost('--json', '--port', '0', ...args);
  const { url } = JSON.parse(await host.ready) as { url: string };
  return { ...host, url };
}

async function connectTo(url: string, mode: 'legacy' | { pin: string }) {
  const client = new Client({ name: 'tester', version: '1.0.0' }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return client;
}

/** Ids of all processes below `pid`. */
function descendants(pid: number): number[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const pairs = rows.map((row) => row.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    pairs.flatMap(([id, ppid]) => (ppid === parent && id ? [id, ...below(id)] : []));
  return below(pid);
}

/** Those of the processes that run; one that waits for its parent to notice its end does not. */
const running = (pids: number[]): string[] => {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,stat=,args='], { encoding: 'utf8' }).split('\n');
  return rows.filter((row) => pids.includes(Number.parseInt(row, 10)) && !/^\s*\d+\s+Z/.test(row));
};

function configFile(name: string, config: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof config === 'string' ? config : JSON.stringify(config));
  return path;
}

afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  started.clear();
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('npm start', () => {
  it('shows upstreams, and calls each of them in both eras', async () => {
    const { code, stdout, stderr } = await startHost('--once', '--port', '0').ended;
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ {2}calc +in-process +modern +ready +1 +- +-$/m);
    expect(stdout).toMatch(/^ {2}everything +stdio +legacy +ready +\d+ +\d+ +\d+$/m);
    expect(stdout).toMatch(/^ {2}files +stdio +legacy +ready +\d+ +- +-$/m);
    expect(stdout).toMatch(/^ {2}weather +http × 2 +modern +ready +1 +- +-$/m);
    for (const era of ['modern', 'legacy']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${era} +calc +calc_calculate +-11\\.25 +[\\d.]+$`, 'm'));
      expect(stdout).toMatch(new RegExp(`^ {2}${era} +everything +everything_echo +Echo: Hello, gateway! `, 'm'));
      expect(stdout).toMatch(new RegExp(`^ {2}${era} +files +files_read_text_file +Welcome!`, 'm'));
      expect(stdout).toMatch(new RegExp(`^ {2}${era} +weather +weather_forecast +Lisbon: sunny`, 'm'));
    }
    expect(new Set(stdout.match(/replica \d/g))).toEqual(new Set(['replica 1', 'replica 2']));
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it.each(['never', 'conflict'])('works with --naming %s', async (naming) => {
    const { code, stdout } = await startHost('--once', '--port', '0', '--naming', naming).ended;
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/^ {2}modern +calc +calculate /m);
  });

  it('explains itself', async () => {
    const { code, stdout } = await startHost('--help').ended;
    expect(code).toBe(0);
    expect(stdout).toContain('--naming <when>');
  });
});

describe('npm start -- --json', () => {
  it('prints one line and serves both eras', async () => {
    const host = await serveHost();
    for (const mode of ['legacy', { pin: '2026-07-28' }] as const) {
      const client = await connectTo(host.url, mode);
      expect((await client.listTools()).tools.map(({ name }) => name)).toContain('weather_forecast');
      await client.close();
    }
    host.child.kill('SIGTERM');
    expect(await host.ended).toEqual({ code: 0, stderr: '', stdout: `${JSON.stringify({ url: host.url })}\n` });
  });

  it('lets a running call finish after Ctrl-C, and leaves no process', async () => {
    const host = await serveHost();
    const children = descendants(host.child.pid!);
    expect(running(children).filter((row) => /server-|replica\.ts/.test(row))).toHaveLength(4);
    const client = await connectTo(host.url, { pin: '2026-07-28' });
    let onProgress = (): void => undefined;
    const underWay = new Promise<void>((resolve) => (onProgress = resolve));
    const call = client.callTool(
      { name: 'everything_trigger-long-running-operation', arguments: { duration: 0.4, steps: 4 } },
      { onprogress: () => onProgress() },
    );
    await underWay;
    host.child.kill('SIGINT');
    expect(await call).toMatchObject({ content: [{ text: expect.stringContaining('completed') as string }] });
    expect((await host.ended).code).toBe(0);
    expect(running(children)).toEqual([]);
  });

  it('does not wait for clients that keep a stream open', async () => {
    const host = await serveHost();
    const client = await connectTo(host.url, 'legacy');
    client.setNotificationHandler('notifications/tools/list_changed', () => undefined);
    await client.listTools();
    const askedAt = performance.now();
    host.child.kill('SIGINT');
    expect((await host.ended).code).toBe(0);
    expect(performance.now() - askedAt).toBeLessThan(4_000);
    await client.close();
  });

  it.runIf(process.platform !== 'win32')('stops when npm is gone, which does not pass signals on', async () => {
    const script = `"${process.execPath}" --import "${tsx}" "${fileOf('host.ts')}" --json --port 0; exit $?`;
    const shell = spawn(script, {
      shell: true,
      cwd: root,
      env: { ...process.env, TSX_TSCONFIG_PATH: 'scripts/config/tsconfig.run.json', npm_lifecycle_event: 'start' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    started.add(shell);
    await once(createInterface(shell.stdout), 'line');
    const children = descendants(shell.pid ?? 0);
    expect(running(children).length).toBeGreaterThanOrEqual(5);
    shell.kill('SIGTERM');
    await expect.poll(() => running(children), { timeout: 10_000 }).toEqual([]);
  });

  it.runIf(process.platform !== 'win32')('leaves no process when it is killed', async () => {
    const host = await serveHost();
    const children = descendants(host.child.pid!);
    host.child.kill('SIGKILL');
    expect((await host.ended).code).toBe('SIGKILL');
    await expect.poll(() => running(children), { timeout: 10_000 }).toEqual([]);
  });
});

describe('npm start -- --config', () => {
  const clock = new MCPServerBuilder({ name: 'clock', version: '1.0.0' })
    .addTool({ name: 'now', handler: () => 'noon' })
    .build();
  let url = '';
  beforeAll(async () => {
    ({ url } = await clock.listen());
  });
  afterAll(() => clock.close());

  it('serves exactly those upstreams, and calls none of their tools', async () => {
    configFile('mcp.json', {
      mcpServers: { local: { command: process.execPath, args: [everything] }, remote: { url } },
    });
    const { code, stdout, stderr } = await startHost('--once', '--port', '0', '--config', 'mcp.json').ended;
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ {2}local +stdio +legacy +ready /m);
    expect(stdout).toMatch(/^ {2}remote +http +modern +ready +1 /m);
    expect(stdout).toMatch(/^ {2}legacy +all +tools\/list +\d+ tools /m);
    expect(stdout).not.toContain('calc');
  });

  it('shows why an upstream is down, and does not call that a success', async () => {
    const config = configFile('down.json', {
      mcpServers: { remote: { url }, gone: { url: 'http://127.0.0.1:1/mcp' } },
    });
    const { code, stdout } = await startHost('--once', '--port', '0', '--config', config).ended;
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ {2}gone +http +down .*\n.*127\.0\.0\.1/m);
  });
});

describe('a mistake', () => {
  const broken = () => configFile('broken.json', '{ "mcpServers": \n oops }');
  const noCommand = () => configFile('no-command.json', { mcpServers: { ghost: { command: 'no-such-program' } } });

  it.each<[string, () => string[], RegExp]>([
    ['an unknown flag', () => ['--colour'], /Unknown option '--colour'\. See --help\./],
    ['a word that is no flag', () => ['serve'], /Unexpected argument 'serve'/],
    ['a missing value', () => ['--port'], /'--port <value>' argument missing/],
    ['a bad naming', () => ['--naming', 'sometimes'], /--naming is "sometimes"; allowed: always, conflict, never\./],
    ['a bad port', () => ['--port', '70000'], /--port is "70000"; allowed: a number from 0 to 65535\./],
    ['a missing file', () => ['--config', 'nowhere.json'], /nowhere\.json does not exist/],
    ['broken JSON', () => ['--config', broken()], /broken\.json is not JSON/],
    ['a bad config', () => ['--config', configFile('bad.json', { mcpServers: {} })], /allowed: at least one server/],
    [
      'a command that does not exist',
      () => ['--port', '0', '--config', noCommand()],
      /Upstream "ghost": the command "no-such-program" .*does not exist\./,
    ],
  ])('%s is told in one line', async (_, args, message) => {
    const { code, stdout, stderr } = await startHost('--json', ...args()).ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(message)]);
  });

  it('a busy port is told in one line', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await startHost('--port', String(port)).ended;
    server.close();
    expect(code).toBe(1);
    expect(stderr).toBe(
      `quickstart: Port ${port} is in use; choose another with --port, or --port 0 for a free one.\n`,
    );
  });
});

describe('stdio.ts', () => {
  it('serves the samples to a desktop host, from whatever directory', async () => {
    const client = new Client({ name: 'desktop', version: '1.0.0' });
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: ['--import', tsx, fileOf('stdio.ts'), '--naming', 'conflict'],
      cwd: folder,
      stderr: 'pipe',
    });
    await client.connect(transport);
    const children = descendants(transport.pid!);
    const result = await client.callTool({ name: 'calculate', arguments: { expression: '6 * 7' } });
    expect(result).toMatchObject({ content: [{ text: '42' }] });
    await client.close();
    await expect.poll(() => running(children), { timeout: 10_000 }).toEqual([]);
  });
});
