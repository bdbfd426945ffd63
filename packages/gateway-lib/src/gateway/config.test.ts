import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { McpError } from '@org/mcp-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig, parseConfigText } from './config.ts';
import { readConfig } from './config.node.ts';
import { Gateway } from './gateway.ts';

const read = (config: unknown, env: Record<string, string> = {}): unknown =>
  parseConfig(config, { source: 'cfg', env });

/** The faults of a config. */
function faultsOf(config: unknown, env: Record<string, string> = {}): string[] {
  try {
    read(config, env);
    return [];
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'invalid_options' });
    return (thrown as McpError).message.split('\n');
  }
}

describe('a config', () => {
  it('is read as hosts write it', () => {
    expect(
      read({
        mcpServers: {
          files: { command: 'npx', args: ['-y', 'fs', '/data'], env: { A: 'b' }, cwd: '/tmp', autoApprove: ['x'] },
          bare: { command: 'server' },
          typed: { type: 'stdio', command: 'server', args: [''], env: { EMPTY: '' } },
          web: { url: 'https://x/mcp', headers: { Authorization: 'Bearer t' } },
          vscode: { type: 'http', url: 'http://x' },
          other: { type: 'streamable-http', url: 'http://x' },
          socket: { type: 'ws', url: 'wss://x/mcp', headers: { A: '${TOKEN:-b}' } },
          third: { type: 'streamableHttp', url: 'http://x' },
          old: { type: 'sse', url: 'http://x/sse' },
          off: { disabled: true, command: 7 },
        },
        inputs: [],
      }),
    ).toEqual({
      files: { command: 'npx', args: ['-y', 'fs', '/data'], env: { A: 'b' }, cwd: '/tmp' },
      bare: { command: 'server', args: [], env: {} },
      typed: { command: 'server', args: [''], env: { EMPTY: '' } },
      web: { url: 'https://x/mcp', headers: { Authorization: 'Bearer t' } },
      vscode: { url: 'http://x', headers: {} },
      other: { url: 'http://x', headers: {} },
      socket: { url: 'wss://x/mcp', headers: { A: 'b' } },
      third: { url: 'http://x', headers: {} },
      old: { url: 'http://x/sse', headers: {} },
    });
  });

  it('may say servers, as VS Code does', () => {
    expect(Object.keys(read({ servers: { a: { command: 'x' } } }) as object)).toEqual(['a']);
    expect(Object.keys(read({ servers: {}, mcpServers: { b: { command: 'x' } } }) as object)).toEqual(['b']);
  });

  it('keeps a server of any name', () => {
    const config = JSON.parse('{"mcpServers":{"__proto__":{"command":"x"},"constructor":{"command":"y"}}}') as unknown;
    expect(Object.keys(read(config) as object)).toEqual(['__proto__', 'constructor']);
  });

  it.each([
    ['${TOKEN}', 'abc'],
    ['${env:TOKEN}', 'abc'],
    ['Bearer ${TOKEN}!', 'Bearer abc!'],
    ['${NOPE:-other}', 'other'],
    ['${NOPE:-}', ''],
    ['${env:NOPE:-a:b-c}', 'a:b-c'],
    ['${TOKEN:-other}', 'abc'],
    ['${TOKEN}${TOKEN}', 'abcabc'],
    ['${EMPTY}', ''],
    ['$TOKEN ${} ${1} $${TOKEN}', '$TOKEN ${} ${1} $abc'],
    ['${input:key}', '${input:key}'],
  ])('has %s expanded to %s everywhere', (text, expected) => {
    const env = { TOKEN: 'abc', EMPTY: '' };
    expect(
      read({ mcpServers: { a: { command: `/${text}`, args: [text], env: { K: text }, cwd: `/${text}` } } }, env),
    ).toEqual({ a: { command: `/${expected}`, args: [expected], env: { K: expected }, cwd: `/${expected}` } });
    expect(read({ mcpServers: { a: { url: `http://x/${text}`, headers: { K: text } } } }, env)).toEqual({
      a: { url: `http://x/${expected}`, headers: { K: expected } },
    });
  });

  it.each<[unknown, string]>([
    [undefined, 'mcpServers is missing; allowed: an object of servers by name.'],
    [[], 'mcpServers is missing; allowed: an object of servers by name.'],
    [{ mcpServers: [] }, 'mcpServers is []; allowed: an object of servers by name.'],
    [{ servers: 'x' }, 'servers is of type string; allowed: an object of servers by name.'],
    [{ mcpServers: {} }, 'mcpServers is of type object; allowed: at least one server.'],
    [{ mcpServers: { a: 'npx' } }, 'mcpServers.a is of type string; allowed: an object with "command" or "url".'],
    [
      { mcpServers: { a: { type: 'smtp', url: 'http://x' } } },
      'mcpServers.a.type is "smtp"; allowed: "stdio", "http", "streamable-http", "streamableHttp", "sse", "ws".',
    ],
    [
      { mcpServers: { a: { type: 5 } } },
      'mcpServers.a.type is of type number; allowed: "stdio", "http", "streamable-http", "streamableHttp", "sse", "ws".',
    ],
    [{ mcpServers: { a: {} } }, 'mcpServers.a.command is missing; allowed: a string that is not empty.'],
    [{ mcpServers: { a: { command: '' } } }, 'mcpServers.a.command is ""; allowed: a string that is not empty.'],
    [
      { mcpServers: { a: { command: 'x', args: 'y' } } },
      'mcpServers.a.args is of type string; allowed: an array of strings.',
    ],
    [
      { mcpServers: { a: { command: 'x', args: ['y', 5] } } },
      'mcpServers.a.args[1] is of type number; allowed: a string.',
    ],
    [{ mcpServers: { a: { command: 'x', env: [] } } }, 'mcpServers.a.env is []; allowed: an object of strings.'],
    [
      { mcpServers: { a: { command: 'x', env: { K: 1 } } } },
      'mcpServers.a.env.K is of type number; allowed: a string.',
    ],
    [
      { mcpServers: { a: { command: 'x', cwd: 1 } } },
      'mcpServers.a.cwd is of type number; allowed: a string that is not empty.',
    ],
    [{ mcpServers: { a: { url: 5 } } }, 'mcpServers.a.url is of type number; allowed: a string that is not empty.'],
    [
      { mcpServers: { a: { url: 'x' } } },
      'mcpServers.a.url is of type string; allowed: an absolute http:, https:, ws: or wss: URL.',
    ],
    [{ mcpServers: { a: { type: 'http' } } }, 'mcpServers.a.url is missing; allowed: a string that is not empty.'],
    [
      { mcpServers: { a: { url: 'http://x', headers: { K: null } } } },
      'mcpServers.a.headers.K is null; allowed: a string.',
    ],
    [
      { mcpServers: { a: { command: 'x', env: { K: '${GONE}' } } } },
      'mcpServers.a.env.K names ${GONE}, which is not set; set it or write ${GONE:-default}.',
    ],
  ])('%# that is wrong is named with path, value and what is allowed', (config, fault) => {
    expect(faultsOf(config)).toEqual([`cfg: ${fault}`]);
  });

  it('has all its faults named', () => {
    expect(
      faultsOf({ mcpServers: { a: { command: 5, args: 5 }, b: 5, c: { url: '${X}', headers: { h: '${Y}' } } } }),
    ).toHaveLength(5);
  });

  it('shows no credential, wherever it was put', () => {
    const secret = 's3cret-value';
    const wrong = [
      secret,
      [{ command: secret }],
      { a: secret },
      { a: [secret] },
      { a: { command: [secret] } },
      { a: { command: 'x', args: `--token ${secret}` } },
      { a: { command: 'x', args: [[secret], { secret }] } },
      { a: { command: 'x', env: secret } },
      { a: { command: 'x', env: { K: [secret] } } },
      { a: { command: 'x', cwd: [secret] } },
      { a: { url: `//${secret}` } },
      { a: { url: [secret], headers: [secret] } },
      { a: { url: 'http://x', headers: { Authorization: [secret] } } },
      { a: { command: 'x', env: { K: '${GONE}' }, args: [secret, '${GONE}'] } },
    ];
    for (const mcpServers of wrong) {
      const faults = faultsOf({ mcpServers }, { OTHER: secret });
      expect(faults).not.toEqual([]);
      expect(faults.join()).not.toContain(secret);
    }
  });

  it('does not lose a server whose name stands twice', () => {
    for (const key of ['mcpServers', 'servers']) {
      const text = `{"inputs":[{"a":1},{"a":2}],"${key}":{"a":{"command":"x"},"b":{"env":{}},"a":{"command":"y"}}}`;
      expect(() => parseConfigText(text, 'file.json')).toThrow('file.json: The key "a" stands twice.');
    }
    for (const text of ['{"mcpServers":[]}', '{"servers": 5}', '[]', '7'])
      expect(parseConfigText(text, 'f')).toEqual(JSON.parse(text));
  });

  it('that is not JSON says where, and quotes nothing of it', () => {
    for (const text of ['{"K":"s3cret",}', '{"K": s3cret}', '{"K":"s3cret"', 's3cret', '{"K":"s3cret" "L":1}', '']) {
      let error: unknown;
      try {
        parseConfigText(text, 'file.json');
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(McpError);
      const { message, cause } = error as McpError;
      expect(message).toMatch(/^file\.json is not JSON( at position \d+)?\.$/);
      expect(`${message} ${String(cause)}`).not.toContain('s3cre');
    }
  });
});

describe('a config file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gateway-config-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('makes a gateway, with the variables of this process', async () => {
    const path = join(folder, 'good.json');
    await writeFile(path, '{"mcpServers":{"a":{"command":"${PATH:-x}"},"b":{"url":"http://127.0.0.1:1"}}}');
    const gateway = await Gateway.fromConfig(path, { name: 'mine' });
    expect(gateway.status()).toMatchObject([
      { name: 'a', endpoints: [{ label: process.env.PATH, transport: 'stdio', state: 'idle' }] },
      { name: 'b', endpoints: [{ label: 'http://127.0.0.1:1', transport: 'http', state: 'idle' }] },
    ]);
    await gateway.close();
  });

  it('may be given as its content', async () => {
    const gateway = await Gateway.fromConfig({ mcpServers: { a: { command: 'x' } } });
    expect(gateway.status()).toHaveLength(1);
    await gateway.close();
  });

  it('that does not exist, is no file, or is no JSON is named', async () => {
    await expect(Gateway.fromConfig(join(folder, 'none.json'))).rejects.toThrow(/none\.json does not exist\.$/);
    await expect(readConfig(folder)).rejects.toThrow(/cannot be read \(EISDIR\)\.$/);
    await writeFile(join(folder, 'bad.json'), '{');
    await expect(readConfig(join(folder, 'bad.json'))).rejects.toThrow(/bad\.json is not JSON/);
  });

  it('has its faults named with the file', async () => {
    const path = join(folder, 'wrong.json');
    await writeFile(path, '{"mcpServers":{"a":{}}}');
    await expect(Gateway.fromConfig(path)).rejects.toMatchObject({
      code: 'invalid_options',
      message: `${path}: mcpServers.a.command is missing; allowed: a string that is not empty.`,
    });
  });

  it('in which all servers are disabled is refused', async () => {
    const config = { mcpServers: { a: { command: 'x', disabled: true } } };
    await expect(Gateway.fromConfig(config)).rejects.toThrow(
      'upstreams is of type object; allowed: an object with at least one',
    );
  });
});
