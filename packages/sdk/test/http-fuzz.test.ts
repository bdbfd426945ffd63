import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultReply, Payload, type HttpListener } from '../src/index.ts';
import { listenHttp } from '../src/node.ts';
import { serveHttp } from '../src/serve.ts';
import { checkAsync, SEED } from './support/property.ts';
import { modern, rawClient, type RawClient, type RawResponse } from './support/raw-http.ts';

/** The server echoes; so whatever is not 200 was refused at the edge. */
let listener: HttpListener;
let send: RawClient;
let rejected: unknown;
const onRejection = (reason: unknown): void => {
  rejected = reason;
};

beforeAll(async () => {
  process.on('unhandledRejection', onRejection);
  const handler = (): Promise<ReturnType<typeof resultReply>> =>
    Promise.resolve(resultReply(Payload.of({ resultType: 'complete' })));
  listener = await listenHttp(serveHttp(handler, { limits: { maxBytes: 10_000 } }).handle);
  send = rawClient(listener.url);
});
afterAll(async () => {
  await send.close();
  await listener.close();
  process.off('unhandledRejection', onRejection);
  expect(rejected).toBeUndefined();
});

const CALL = modern('tools/call', { name: 'a', arguments: { x: [1, { y: 'z' }] } });

/** Refused with a JSON-RPC error, or served; never a crash, a hang or a 5xx; and the next request works. */
async function expectSane(response: RawResponse): Promise<void> {
  expect(response.status).toBeGreaterThanOrEqual(200);
  expect(response.status).toBeLessThan(500);
  if (response.status >= 400 && response.text !== '')
    expect(response.json).toMatchObject({
      jsonrpc: '2.0',
      error: { code: expect.any(Number) as number, message: expect.any(String) as string },
    });
  expect((await send({ headers: CALL.headers, body: JSON.stringify(CALL.message) })).status).toBe(200);
}

const value = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'abc=?/;,"\\ \t0123456789-_.*'.split('')) }),
  fc.constantFrom(...Object.values(CALL.headers), '=?base64?YQ==?=', 'null', '*/*'),
);
const headers = fc.dictionary(
  fc.constantFrom(
    ...Object.keys(CALL.headers),
    'mcp-session-id',
    'origin',
    'last-event-id',
    'authorization',
    'mcp-param-x',
    'x-other',
  ),
  value,
  { noNullPrototype: true },
);
const garbage = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.json().map((json) => Buffer.from(json)),
  fc.string().map((text) => Buffer.from(text)),
);

/** The valid request with bytes changed, cut out or doubled. */
const mutated = fc
  .array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('set', 'cut', 'double')), { minLength: 1, maxLength: 4 })
  .map((changes) =>
    changes.reduce(
      (body, [at, byte, kind]) => {
        const index = at % body.length;
        if (kind === 'set') return Buffer.from(body.map((old, i) => (i === index ? byte : old)));
        const piece = body.subarray(index, index + (byte % 16) + 1);
        return kind === 'cut'
          ? Buffer.concat([body.subarray(0, index), body.subarray(index + piece.length), Buffer.from(' ')])
          : Buffer.concat([body.subarray(0, index), piece, body.subarray(index)]);
      },
      Buffer.from(JSON.stringify(CALL.message)),
    ),
  );

/** The valid request with one member of one level replaced by any JSON value. */
const replaced = fc
  .tuple(
    fc.constantFrom(
      'jsonrpc',
      'id',
      'method',
      'params',
      'name',
      'arguments',
      '_meta',
      'io.modelcontextprotocol/protocolVersion',
      'io.modelcontextprotocol/clientCapabilities',
      'progressToken',
    ),
    fc.jsonValue({ maxDepth: 2 }),
  )
  .map(([key, put]) => Buffer.from(JSON.stringify(CALL.message, (name, old: unknown) => (name === key ? put : old))));

describe(`fuzzed HTTP (seed ${SEED})`, () => {
  it.each([
    ['arbitrary bodies', fc.constant(CALL.headers), garbage],
    [
      'arbitrary headers',
      headers.map((some) => ({ ...CALL.headers, ...some })),
      fc.constant(Buffer.from(JSON.stringify(CALL.message))),
    ],
    ['arbitrary headers and bodies', headers, garbage],
    ['a valid request with bytes changed', fc.constant(CALL.headers), mutated],
    ['a valid request with a member replaced', fc.constant(CALL.headers), replaced],
  ] as const)('%s', (_, someHeaders, body) =>
    checkAsync(
      fc.asyncProperty(
        someHeaders as fc.Arbitrary<Record<string, string>>,
        body as fc.Arbitrary<Uint8Array>,
        fc.constantFrom('POST', 'POST', 'POST', 'DELETE'),
        async (given, bytes, method) => {
          await expectSane(await send({ method, headers: trimmed(given), body: bytes }));
        },
      ),
      120,
    ),
  );
});

/** Values as HTTP carries them: white space at their ends is not part of them. */
const trimmed = (given: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(given).map(([name, text]) => [name, text.trim()]));
