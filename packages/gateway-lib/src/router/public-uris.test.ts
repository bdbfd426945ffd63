import { createCall, Payload, resultReply, streamReply, type JsonObject, type Message } from '@org/mcp-sdk';
import { describe, expect, it } from 'vitest';
import { upstreamOf } from '../../test/support/fakes.ts';
import type { CatalogView } from '../catalog/catalog-view.ts';
import { createPublicUris } from './public-uris.ts';

const catalog = {
  publicUri: (upstream: string, uri: string) => (uri.startsWith('x:') ? `${upstream}+${uri}` : uri),
} as unknown as CatalogView;

/** The text of a result after the stage. */
async function through(method: string, json: string): Promise<string> {
  const handler = createPublicUris(catalog)(() => Promise.resolve(resultReply(Payload.json(json))));
  const reply = await handler({ ...createCall(method), route: { upstream: upstreamOf('up'), target: 't' } });
  return reply.single?.kind === 'result' ? reply.single.result.text : 'no result';
}

describe('URIs in results', () => {
  it.each([
    ['tools/call', '{"content":[{"type":"resource_link","uri":"x://1","name":"n"}]}'],
    [
      'tools/call',
      ' { "n":12345678901234567890, "content" : [ {"type":"text","text":"x://1"} , {"resource":{"uri" : "x://1","text":"é"},"type":"resource"} ] }',
    ],
    [
      'prompts/get',
      '{"messages":[{"role":"user","content":{"type":"resource","resource":{"uri":"x://1","blob":""}}}]}',
    ],
    ['prompts/get', '{"messages":[{"content":[{"type":"resource_link","uri":"x://1"}]}]}'],
    ['resources/read', '{"contents":[{"uri":"y://0"},{"uri":"x://1"}],"ttlMs":5}'],
  ])('of %s come back to their upstream; the rest keeps its bytes (%#)', async (method, json) => {
    const at = json.lastIndexOf('"x://1"');
    expect(await through(method, json)).toBe(`${json.slice(0, at)}"up+x://1"${json.slice(at + '"x://1"'.length)}`);
  });

  it.each([
    ['tools/call', '{"content":[{"type":"text","uri":"x://1"},7,null,"x"],"structuredContent":{"uri":"x://1"}}'],
    ['tools/call', '{"content":5}'],
    ['tools/call', '{"resultType":"input_required"}'],
    ['tools/call', '{"content":[{"type":"resource","resource":7},{"type":"resource_link","uri":5}]}'],
    ['completion/complete', '{"contents":[{"uri":"x://1"}]}'],
  ])('of %s are left alone elsewhere (%#)', async (method, json) => {
    expect(await through(method, json)).toBe(json);
  });

  it('are found at the end of a stream as well', async () => {
    const progress: Message = { kind: 'notification', method: 'notifications/progress', params: Payload.of({}) };
    const result: Message = { kind: 'result', result: Payload.json<JsonObject>('{"contents":[{"uri":"x://1"}]}') };
    const handler = createPublicUris(catalog)(() =>
      Promise.resolve(
        streamReply(
          (async function* () {
            yield progress;
            yield result;
          })(),
          () => undefined,
        ),
      ),
    );
    const call = { ...createCall('resources/read'), route: { upstream: upstreamOf('up'), target: 't' } };
    expect(await (await handler(call)).result()).toEqual({ contents: [{ uri: 'up+x://1' }] });
  });
});
