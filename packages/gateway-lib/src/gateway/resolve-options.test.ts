import { McpError, MCPServerBuilder, type Middleware } from '@org/mcp-sdk';
import { describe, expect, it } from 'vitest';
import type { RoutedCall } from '../core/routed-call.ts';
import type { GatewayOptions } from './options.ts';
import { resolveOptions } from './resolve-options.ts';

const server = new MCPServerBuilder({ name: 's', version: '1' }).build();

/** What is wrong with options, one fault each. */
function faultsOf(options: unknown): string[] {
  try {
    resolveOptions(options as GatewayOptions);
    return [];
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(McpError);
    expect(thrown).toMatchObject({ code: 'invalid_options' });
    return (thrown as McpError).message.split('\n');
  }
}

const withUp = (upstream: unknown, rest: object = {}): unknown => ({ upstreams: { up: upstream }, ...rest });

describe('options', () => {
  it('are completed once', () => {
    expect(resolveOptions({ upstreams: { up: { server } } })).toEqual({
      info: { name: 'mcp-gateway', version: '0.1.0' },
      instructions: undefined,
      upstreams: [
        {
          name: 'up',
          endpoints: [{ server }],
          timeoutMs: 55_000,
          connectTimeoutMs: 30_000,
          livenessMs: 800,
          overrides: { tools: {}, prompts: {}, resources: {} },
          isolation: 'shared',
          roots: undefined,
        },
      ],
      catalog: {
        naming: 'always',
        names: {},
        renames: { tools: {}, prompts: {} },
        resources: 'first',
        pageSize: 1_000,
      },
      use: [],
      profiler: undefined,
      listTimeoutMs: 5_000,
      drainMs: 5_000,
    });
  });

  it('keep what is given', () => {
    const use: Middleware<RoutedCall>[] = [(next) => next];
    const endpoints = [{ url: 'http://a' }, { command: 'b', args: ['c'], env: { D: 'e' }, cwd: '/' }];
    expect(
      resolveOptions({
        upstreams: { up: { endpoints, timeoutMs: 1, connectTimeoutMs: 2, livenessMs: 0 } },
        naming: 'never',
        pageSize: 7,
        resources: 'error',
        name: 'n',
        version: 'v',
        instructions: 'i',
        listTimeoutMs: 3,
        drainMs: 0,
        use,
      }),
    ).toMatchObject({
      info: { name: 'n', version: 'v' },
      instructions: 'i',
      upstreams: [{ endpoints, timeoutMs: 1, connectTimeoutMs: 2, livenessMs: 0 }],
      catalog: { naming: 'never', pageSize: 7, resources: 'error' },
      listTimeoutMs: 3,
      drainMs: 0,
      use,
    });
  });

  it.each<[unknown, string]>([
    [{}, 'upstreams is missing; allowed: an object with at least one upstream.'],
    [{ upstreams: {} }, 'upstreams is of type object; allowed: an object with at least one upstream.'],
    [{ upstreams: [{ server }] }, 'upstreams is an array; allowed: an object with at least one upstream.'],
    [{ upstreams: null }, 'upstreams is null; allowed: an object with at least one upstream.'],
    [{ upstreams: { ' ': { server } } }, 'upstreams is " "; allowed: a name that is not empty.'],
    [withUp({ server }, { naming: 'sometimes' }), 'naming is "sometimes"; allowed: "always", "conflict", "never".'],
    [
      withUp({ server }, { listTimeoutMs: 0 }),
      'listTimeoutMs is 0; allowed: an integer from 1 to 2147483647, in milliseconds.',
    ],
    [withUp({ server }, { drainMs: -1 }), 'drainMs is -1; allowed: an integer from 0 to 2147483647, in milliseconds.'],
    [
      withUp({ server, timeoutMs: 1.5 }),
      'upstreams.up.timeoutMs is 1.5; allowed: an integer from 1 to 2147483647, in milliseconds.',
    ],
    [
      withUp({ server, timeoutMs: NaN }),
      'upstreams.up.timeoutMs is NaN; allowed: an integer from 1 to 2147483647, in milliseconds.',
    ],
    [
      withUp({ server, timeoutMs: 5n }),
      'upstreams.up.timeoutMs is 5; allowed: an integer from 1 to 2147483647, in milliseconds.',
    ],
    [
      withUp({ server, connectTimeoutMs: '5' }),
      'upstreams.up.connectTimeoutMs is "5"; allowed: an integer from 1 to 2147483647, in milliseconds.',
    ],
    [
      withUp({ server, livenessMs: 1 }),
      'upstreams.up.livenessMs is 1; allowed: an integer from 2 to 2147483647, in milliseconds.',
    ],
    [
      withUp({ server }, { drainMs: 2 ** 31 }),
      'drainMs is 2147483648; allowed: an integer from 0 to 2147483647, in milliseconds.',
    ],
    [
      withUp({ server, connectTimeoutMs: 3e9 }),
      'upstreams.up.connectTimeoutMs is 3000000000; allowed: an integer from 1 to 2147483647, in milliseconds.',
    ],
    [withUp(null), 'upstreams.up is null; allowed: an object with "server", "command" or "url".'],
    [withUp('npx x'), 'upstreams.up is of type string; allowed: an object with "server", "command" or "url".'],
    [withUp({ comand: 'npx' }), 'upstreams.up is ["comand"]; allowed: exactly one of "server", "command", "url".'],
    [withUp({}), 'upstreams.up is []; allowed: exactly one of "server", "command", "url".'],
    [
      withUp({ url: 'http://a', command: 'b' }),
      'upstreams.up is ["command","url"]; allowed: exactly one of "server", "command", "url".',
    ],
    [withUp({ endpoints: [] }), 'upstreams.up.endpoints is []; allowed: an array of at least one endpoint.'],
    [
      withUp({ endpoints: { server } }),
      'upstreams.up.endpoints is of type object; allowed: an array of at least one endpoint.',
    ],
    [
      withUp({ endpoints: [{ server }, {}] }),
      'upstreams.up.endpoints[1] is []; allowed: exactly one of "server", "command", "url".',
    ],
    [
      withUp({ server: {} }),
      'upstreams.up.server is of type object; allowed: a built server, a handler, or an official server object.',
    ],
    [withUp({ url: 'ftp://a' }), 'upstreams.up.url is "ftp:"; allowed: an absolute http:, https:, ws: or wss: URL.'],
    [
      withUp({ url: 'wss://a', fetch }),
      'upstreams.up.fetch is of type function; allowed: nothing: a WebSocket is opened without it.',
    ],
    [
      withUp({ url: 'wss://u:p@a' }),
      'upstreams.up.url is "with a user"; allowed: a URL without user and password; put them in headers.authorization.',
    ],
    [
      withUp({ url: new URL('file:///a') }),
      'upstreams.up.url is "file:"; allowed: an absolute http:, https:, ws: or wss: URL.',
    ],
    [
      withUp({ url: 'http://me:secret@a/mcp' }),
      'upstreams.up.url is "with a user"; allowed: a URL without user and password; put them in headers.authorization.',
    ],
    [
      withUp({ url: '/mcp' }),
      'upstreams.up.url is of type string; allowed: an absolute http:, https:, ws: or wss: URL.',
    ],
    [withUp({ url: undefined }), 'upstreams.up.url is missing; allowed: an absolute http:, https:, ws: or wss: URL.'],
    [
      withUp({ url: 'http://a', headers: { a: 1 } }),
      'upstreams.up.headers is of type object; allowed: an object of strings.',
    ],
    [withUp({ command: ' ' }), 'upstreams.up.command is of type string; allowed: the program to start, as a string.'],
    [withUp({ command: 7 }), 'upstreams.up.command is of type number; allowed: the program to start, as a string.'],
    [withUp({ command: 'a', args: 'b' }), 'upstreams.up.args is of type string; allowed: an array of strings.'],
    [withUp({ command: 'a', args: [1] }), 'upstreams.up.args is an array; allowed: an array of strings.'],
    [
      withUp({ command: 'a', env: { B: undefined } }),
      'upstreams.up.env is of type object; allowed: an object of strings.',
    ],
    [withUp({ command: 'a', cwd: 5 }), 'upstreams.up.cwd is of type number; allowed: a path, as a string.'],
    [undefined, 'options is missing; allowed: an object.'],
    [
      withUp({ server }, { limits: { maxByte: 1 } }),
      'limits.maxByte is no option; allowed: maxBytes, maxDepth, maxElements.',
    ],
    [withUp({ server }, { use: {} }), 'use is of type object; allowed: an array of functions.'],
    [withUp({ server }, { use: [5] }), 'use is an array; allowed: an array of functions.'],
    [withUp({ server }, { origins: '*' }), 'origins is of type string; allowed: an array of strings.'],
    [withUp({ server }, { name: '' }), 'name is ""; allowed: a string that is not empty.'],
    [
      withUp({ server }, { telemetry: console }),
      'telemetry is of type object; allowed: an object with the methods record.',
    ],
    [
      withUp({ server, retries: 3 }),
      'upstreams.up.retries is no option; allowed: server, timeoutMs, connectTimeoutMs, livenessMs, isolation, roots, tools, prompts, resources.',
    ],
    [
      withUp({ endpoints: [{ command: 'a', arg: [] }] }),
      'upstreams.up.endpoints[0].arg is no option; allowed: command, args, env, cwd, clientCapabilities.',
    ],
    [
      withUp({ url: 'http://a', headers: { 'my key': 'x' } }),
      'upstreams.up.headers is "my key"; allowed: names and values that HTTP takes: no spaces in a name, no line breaks in a value.',
    ],
  ])('%# that are wrong are named with path, value and what is allowed', (options, fault) => {
    expect(faultsOf(options)).toEqual([fault]);
  });

  it('are misspelt if nothing reads them', () => {
    const [fault, ...others] = faultsOf(withUp({ server }, { nameing: 'never' }));
    expect(fault).toMatch(/^nameing is no option; allowed: upstreams, name, .*naming, /);
    expect(others).toEqual([]);
  });

  it('are all named that are wrong', () => {
    const faults = faultsOf({
      upstreams: { a: { timeoutMs: 0, url: 'x' }, b: { endpoints: [{ command: '' }], livenessMs: -1 } },
      naming: 5,
      drainMs: 0.5,
    });
    expect(faults.map((fault) => fault.split(' ', 1)[0])).toEqual([
      'upstreams.a.url',
      'upstreams.a.timeoutMs',
      'upstreams.b.endpoints[0].command',
      'upstreams.b.livenessMs',
      'naming',
      'drainMs',
    ]);
  });

  it('that are wrong show no credential', () => {
    const secret = 's3cret-value';
    const wrong = [
      `http://user:${secret}@host/`,
      { url: `ftp://user:${secret}@host/?key=${secret}`, headers: { authorization: [secret] } },
      { url: `${secret}://x`, headers: secret },
      { url: [`http://x/${secret}`] },
      { command: [secret], args: `--token ${secret}`, env: { KEY: [secret] } },
      { command: 'x', args: [['--token', secret]], env: secret, cwd: [secret] },
      { server: { connect: secret } },
      { endpoints: `http://${secret}` },
    ];
    for (const upstream of wrong) {
      const faults = faultsOf(withUp(upstream));
      expect(faults).not.toEqual([]);
      if (!JSON.stringify(upstream).includes(`${secret}://`)) expect(faults.join()).not.toContain(secret);
    }
  });
});
