import { describe, expect, it } from 'vitest';
import type { Principal } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import { resolveEdge, type EdgeOptions } from './edge.ts';

async function admit(headers: Record<string, string>, options: EdgeOptions = {}, onLoopback = true): Promise<string> {
  const edge = resolveEdge(options);
  try {
    await edge.admit({ header: (name) => headers[name], onLoopback });
    return 'admitted';
  } catch (thrown) {
    return McpError.from(thrown).code;
  }
}

describe('the Host check', () => {
  it.each([
    ['localhost', 'admitted'],
    ['LOCALHOST:3000', 'admitted'],
    ['127.0.0.1:1', 'admitted'],
    ['[::1]:80', 'admitted'],
    ['[::1]', 'admitted'],
    ['evil.example', 'forbidden'],
    ['localhost.evil.example', 'forbidden'],
    ['127.0.0.1.evil.example:80', 'forbidden'],
    ['evil.example:80@localhost', 'forbidden'],
    ['[::1].evil.example', 'forbidden'],
    ['', 'forbidden'],
  ])('of a loopback listener: %j is %s', async (host, outcome) => {
    expect(await admit({ host })).toBe(outcome);
  });

  it('refuses a request without Host on loopback', async () => {
    expect(await admit({})).toBe('forbidden');
  });

  it('lets any host pass where the listener is not on loopback, unless hosts are given', async () => {
    expect(await admit({ host: 'any.example' }, {}, false)).toBe('admitted');
    expect(await admit({ host: 'any.example' }, { hosts: ['mine.example'] }, false)).toBe('forbidden');
    expect(await admit({ host: 'Mine.Example:443' }, { hosts: ['mine.EXAMPLE'] }, false)).toBe('admitted');
    expect(await admit({ host: 'mine.example' }, { hosts: ['mine.example'] })).toBe('admitted');
  });
});

describe('the Origin check', () => {
  const listed = { origins: ['https://app.example.com'], hosts: ['mcp.example.com'] };
  it.each([
    ['https://app.example.com', 'mcp.example.com', 'admitted'],
    ['https://app.example.com', 'localhost', 'admitted'],
    ['http://app.example.com', 'localhost', 'forbidden'],
    ['https://app.example.com:444', 'localhost', 'forbidden'],
    ['https://evil.example', 'localhost', 'forbidden'],
    ['null', 'localhost', 'forbidden'],
    ['', 'localhost', 'forbidden'],
    ['not an origin', 'localhost', 'forbidden'],
    ['http://localhost:5173', 'localhost:3000', 'admitted'],
    ['http://127.0.0.1', 'localhost', 'admitted'],
    ['http://[::1]:1', '127.0.0.1', 'admitted'],
    ['http://localhost.evil.example', 'localhost', 'forbidden'],
    ['http://localhost', 'mcp.example.com', 'forbidden'],
  ])('of %s at %s: %s', async (origin, host, outcome) => {
    expect(await admit({ origin, host }, listed)).toBe(outcome);
  });

  it('lets a request without Origin pass: it is from no browser', async () => {
    expect(await admit({ host: 'localhost' })).toBe('admitted');
  });

  it('shows no more than the start of a hostile header', async () => {
    const edge = resolveEdge();
    const origin = 'x'.repeat(10_000);
    const refused = Promise.resolve().then(() =>
      edge.admit({ header: (name) => (name === 'host' ? 'localhost' : origin), onLoopback: true }),
    );
    await expect(refused).rejects.toThrow(/^.{0,200}$/);
  });
});

describe('authenticate', () => {
  const request = {
    header: (name: string) => ({ host: 'localhost', authorization: 'Bearer x' })[name],
    onLoopback: true,
  };

  it('establishes the principal from the headers', async () => {
    const edge = resolveEdge({
      authenticate: (header) => ({ subject: header('authorization') ?? '', scopes: new Set() }),
    });
    expect(await edge.admit(request)).toMatchObject({ subject: 'Bearer x' });
    expect(await resolveEdge().admit(request)).toBeNull();
  });

  it('refuses by throwing or rejecting, and is not asked about a request that is refused before', async () => {
    const edge = resolveEdge({
      authenticate: () => {
        throw new McpError('unauthenticated', 'no');
      },
    });
    expect(() => edge.admit(request)).toThrow(expect.objectContaining({ code: 'unauthenticated', status: 401 }));
    const rejecting = resolveEdge({ authenticate: () => Promise.reject(new McpError('forbidden', 'no')) });
    await expect(rejecting.admit(request)).rejects.toMatchObject({ code: 'forbidden', status: 403 });
    expect(() => edge.admit({ ...request, header: () => 'evil' })).toThrow(McpError);
  });

  it.each([
    [
      'names nobody',
      (resolve: (value: null) => void) => {
        resolve(null);
      },
      'null',
    ],
    [
      'refuses',
      (_: unknown, reject: (reason: unknown) => void) => {
        reject(new McpError('forbidden', 'no'));
      },
      'forbidden',
    ],
  ])('waits for a promise that is none of this realm, which %s', async (_, then, outcome) => {
    // Libraries and other realms have promises of their own.
    const edge = resolveEdge({ authenticate: () => ({ then }) as unknown as Promise<Principal | null> });
    const admitted = Promise.resolve(edge.admit(request)).then(String, (thrown: unknown) => McpError.from(thrown).code);
    expect(await admitted).toBe(outcome);
  });
});

describe('edge options', () => {
  it('have defaults', () => {
    const edge = resolveEdge();
    expect(edge).toMatchObject({
      keepAliveMs: 15_000,
      limits: { maxBytes: 4_194_304, maxDepth: 64, maxElements: 100_000 },
    });
    expect(edge.secret).toHaveLength(32);
    expect(resolveEdge({ limits: { maxBytes: 5 } }).limits).toEqual({
      maxBytes: 5,
      maxDepth: 64,
      maxElements: 100_000,
    });
  });

  it.each<[EdgeOptions, RegExp]>([
    [{ limits: { maxBytes: 0 } }, /limits\.maxBytes is 0; allowed: an integer from 1/],
    [{ limits: { maxDepth: 1.5 } }, /limits\.maxDepth is 1\.5/],
    [{ limits: { maxElements: NaN } }, /limits\.maxElements is NaN/],
    [{ keepAliveMs: -1 }, /keepAliveMs is -1/],
    [{ keepAliveMs: 2_147_483_648 }, /keepAliveMs is 2147483648; allowed: an integer from 1 to 2147483647/],
    [{ secret: new Uint8Array(31) }, /secret is 31 bytes; allowed: at least 32 bytes/],
    [{ secret: 'x'.repeat(40) as never }, /secret is no Uint8Array; allowed: at least 32 bytes/],
    [{ origins: ['app.example.com'] }, /origins is "app\.example\.com"/],
    [{ origins: ['null'] }, /origins is "null"/],
    [{ origins: ['file:///x'] }, /origins is/],
  ])('that are wrong are named with what is allowed (%#)', (options, message) => {
    expect(() => resolveEdge(options)).toThrow(message);
    expect(() => resolveEdge(options)).toThrow(expect.objectContaining({ code: 'invalid_options' }));
  });
});
