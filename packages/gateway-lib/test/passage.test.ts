import type { Era } from '@org/mcp-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { Gateway } from '../src/index.ts';
import { byteServer, type Said } from './support/byte-server.ts';
import { rawCaller, type RawCaller } from './support/raw-caller.ts';
import { eventsOf } from './support/raw.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const CELLS = (['modern', 'legacy'] as const).flatMap((caller) =>
  (['modern', 'legacy'] as const).map((upstream): [Era, Era] => [caller, upstream]),
);

/** What no SDK would write: odd spacing, big numbers, escapes, members in an order of their own, names nobody knows. */
const ODD = '"zeta" : 12345678901234567890, "alpha":1.0e2,"é":"\\u00e9 \\/","x-unknown":{"b":1,"a":[ ]}';
const ICONS = '"icons":[{"src":"data:image/png;base64,AA==","mimeType":"image/png","sizes":["48x48"],"theme":"dark"}]';
const ANNOTATIONS = '"annotations":{"readOnlyHint":true,"audience":["user"],"priority":0.30}';
const META = '"_meta":{"com.example/of-the-server":{"n":9007199254740993}}';
const SCHEMA = `{"type":"object","$schema":"https://json-schema.org/draft/2020-12/schema","$defs":{"id":{"type":"integer","maximum":18446744073709551615}},"properties":{"id":{"$ref":"#/$defs/id"},"region":{"type":"string","x-mcp-header":"Region"}},"x-keyword":[1.10],"dependentRequired":{"id":["region"]}}`;
const REST = `${ODD},${ICONS},${ANNOTATIONS},${META}`;

/** Rows: what the upstream says to a method, and what of it must reach the caller as it is. */
const ROWS: Readonly<
  Record<
    string,
    {
      readonly params: string;
      readonly name?: string;
      readonly headers?: Record<string, string>;
      readonly body: string;
    }
  >
> = {
  'tools/list': {
    params: '{}',
    body: `{"inputSchema":${SCHEMA},"outputSchema":${SCHEMA},"title":"T", "name":"NAME",${REST},"execution":{"taskSupport":"optional"}}`,
  },
  'prompts/list': { params: '{}', body: `{"arguments":[{"name":"a","x":1.50}],"name":"NAME",${REST}}` },
  'resources/list': { params: '{}', body: `{"uri":"odd://one","name":"one","size":1e3,${REST}}` },
  'resources/templates/list': { params: '{}', body: `{"uriTemplate":"odd://{+id}","name":"some",${REST}}` },
  'tools/call': {
    params: `{"arguments":{"region":"eu","id":9007199254740993, ${ODD}},"name":"up_odd"}`,
    name: 'up_odd',
    headers: { 'mcp-param-region': 'eu' },
    body: `"content":[{"type":"resource_link","uri":"odd://one","name":"one",${REST}},{"type":"future",${ODD}}],"structuredContent":{${ODD}},${META},${ODD}`,
  },
  'prompts/get': {
    params: `{"name":"up_odd","arguments":{"a":"\\u0041"}}`,
    name: 'up_odd',
    body: `"messages":[{"role":"user","content":{"type":"text","text":"\\u00e9",${REST}}}],${META}`,
  },
  'resources/read': {
    params: `{"uri":"odd://one"}`,
    name: 'odd://one',
    body: `"contents":[{"uri":"odd://one","text":"\\/",${ODD}}],${META}`,
  },
  'completion/complete': {
    params: `{"ref":{"type":"ref/prompt","name":"up_odd"},"argument":{"name":"a","value":"v"}}`,
    body: `"completion":{"values":["x"],"total":1e0,"hasMore":false,${ODD}},${META}`,
  },
};

const LIST_MEMBER: Readonly<Record<string, string>> = {
  ...{ 'tools/list': 'tools', 'prompts/list': 'prompts' },
  ...{ 'resources/list': 'resources', 'resources/templates/list': 'resourceTemplates' },
};

function say(era: Era, method: string): Said | undefined {
  const row = ROWS[method];
  if (!row) return undefined;
  const modern = era === 'modern' ? '"resultType":"complete","ttlMs":0,"cacheScope":"private",' : '';
  const member = LIST_MEMBER[method];
  const body = row.body.replace('NAME', 'odd');
  return { result: `{${modern}${member ? `"${member}":[${body}]` : body}}` };
}

async function cell(caller: Era, upstream: Era, talk = (method: string) => say(upstream, method)) {
  const server = await byteServer(upstream, talk);
  ends.push(() => {
    server.close();
  });
  const gateway = new Gateway({ upstreams: { up: { url: server.url } } });
  ends.push(() => gateway.close());
  const call: RawCaller = await rawCaller(gateway, caller);
  return { server, gateway, call };
}

describe.each(CELLS)('from a %s caller to a %s upstream and back', (caller, upstream) => {
  it.each(Object.keys(ROWS))('what %s carries is not touched', async (method) => {
    const { server, call } = await cell(caller, upstream);
    const { params, body, ...headers } = ROWS[method]!;
    const { status, text } = await call(method, params, headers);
    expect(status).toBe(200);
    expect(text).toContain(body.replace('NAME', 'up_odd'));
    expect(text).toContain('"id":"raw-1"');
    // What the caller sent arrives as it was too, but for the name.
    const sent = server.received.filter((each) => each.method === method).at(-1)?.body;
    if (!LIST_MEMBER[method]) expect(sent).toContain(params.slice(1, -1).replace('up_odd', 'odd'));
  });

  it('all of 1,000 updates of progress come in order, under the token of the caller, before the result', async () => {
    const { call, server } = await cell(caller, upstream, (method) => {
      if (method !== 'tools/call') return say(upstream, method);
      const { _meta } = (JSON.parse(server.received.at(-1)?.body ?? '') as Sent).params;
      const notifications = Array.from({ length: 1_000 }, (_, index) =>
        JSON.stringify({
          ...{ jsonrpc: '2.0', method: 'notifications/progress' },
          params: { progressToken: _meta.progressToken, progress: index + 1, total: 1_000 },
        }),
      );
      return { notifications, ...say(upstream, method)! };
    });
    const { text, headers } = await call(
      'tools/call',
      '{"_meta":{"progressToken":"mine"},"name":"up_odd","arguments":{}}',
      { name: 'up_odd' },
    );
    expect(headers.get('x-accel-buffering')).toBe('no');
    const events = eventsOf(text) as { method?: string; params?: unknown; id?: unknown }[];
    const all = Array.from({ length: 1_000 }, (_, index) => ({
      progressToken: 'mine',
      progress: index + 1,
      total: 1_000,
    }));
    expect(events.slice(0, -1).map(({ params }) => params)).toEqual(all);
    expect(events.at(-1)).toMatchObject({ id: 'raw-1' });
  });

  it('only log messages of the level of the caller come', async () => {
    const log = (level: string): string =>
      JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: { level, data: level } });
    const { call, server } = await cell(caller, upstream, (method) =>
      method === 'tools/call'
        ? { notifications: ['debug', 'info', 'warning', 'alert'].map(log), ...say(upstream, method)! }
        : say(upstream, method),
    );
    if (caller === 'legacy') await call('logging/setLevel', '{"level":"warning"}');
    const level = caller === 'modern' ? '"_meta":{"io.modelcontextprotocol/logLevel":"warning"},' : '';
    const { text } = await call('tools/call', `{${level}"name":"up_odd","arguments":{}}`, { name: 'up_odd' });
    const levels = eventsOf(text).flatMap(({ params }) => (params as { level?: string } | undefined)?.level ?? []);
    expect(levels).toEqual(['warning', 'alert']);
    const told = server.received.find(
      ({ method }) => method === (upstream === 'legacy' ? 'logging/setLevel' : 'tools/call'),
    );
    expect(told?.body).toContain('"warning"');
  });
});

interface Sent {
  readonly params: { readonly _meta: { readonly progressToken: unknown } };
}
