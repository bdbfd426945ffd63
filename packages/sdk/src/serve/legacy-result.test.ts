import { describe, expect, it } from 'vitest';
import { bytes } from '../../test/support/property.ts';
import { McpError } from '../core/errors.ts';
import { Payload } from '../core/payload.ts';
import { errorReply, resultReply } from '../core/reply.ts';
import { legacyReply } from './legacy-result.ts';

const version = '2025-11-25';

const asLegacy = (method: string, json: string): Promise<unknown> =>
  legacyReply({ method, version }, resultReply(Payload.json(bytes(json)))).result();

describe('structuredContent for a legacy caller', () => {
  it.each([
    ['{"structuredContent":[1,2],"content":[]}', { structuredContent: { result: [1, 2] }, content: [] }],
    ['{"content":[],"structuredContent" : "x"}', { structuredContent: { result: 'x' }, content: [] }],
    ['{"structuredContent":null}', { structuredContent: { result: null } }],
    ['{"structuredContent":{"a":1}}', { structuredContent: { a: 1 } }],
    ['{"structuredContent": {"a":1}}', { structuredContent: { a: 1 } }],
    ['{"content":[{"structuredContent":1}]}', { content: [{ structuredContent: 1 }] }],
  ])('of %s is an object', async (json, expected) => {
    expect(await asLegacy('tools/call', json)).toEqual(expected);
  });

  it('keeps every other byte', () => {
    const reply = legacyReply(
      { method: 'tools/call', version },
      resultReply(Payload.json(bytes('{"n":12345678901234567890,"structuredContent":[1.0]}'))),
    );
    expect(reply.single?.kind === 'result' && reply.single.result.text).toBe(
      '{"n":12345678901234567890,"structuredContent":{"result":[1.0]}}',
    );
  });

  it('may be of any size', async () => {
    expect(await asLegacy('tools/call', `{"structuredContent":[${Array(150_000).fill(0).join()}]}`)).toHaveProperty(
      'structuredContent.result.length',
      150_000,
    );
  });

  it('is left alone in other methods', async () => {
    expect(await asLegacy('prompts/get', '{"structuredContent":1}')).toEqual({ structuredContent: 1 });
  });
});

describe('a resource that is not there', () => {
  const code = (method: string, error: McpError): number | undefined => {
    const { single } = legacyReply({ method, version }, errorReply(error));
    return single?.kind === 'error' ? single.error.value.code : undefined;
  };
  const unknown = new McpError('not_found', 'Unknown resource: a://b', { data: { uri: 'a://b' } });

  it('has the code of the legacy revisions', () => {
    expect(code('resources/read', unknown)).toBe(-32002);
  });

  it('is not mistaken for other errors', () => {
    expect(code('resources/read', new McpError('invalid_params', 'params.uri must be a string.'))).toBe(-32602);
    expect(code('tools/call', unknown)).toBe(-32602);
  });
});

describe('outputSchema for a legacy caller', () => {
  it('has an object at its root', async () => {
    const list = {
      tools: [
        { name: 'a', outputSchema: { type: 'array' } },
        { name: 'b', outputSchema: { type: 'object' } },
        { name: 'c' },
        { name: 'd', outputSchema: { anyOf: [] } },
        5,
      ],
    };
    expect(await asLegacy('tools/list', JSON.stringify(list))).toEqual({
      tools: [
        {
          name: 'a',
          outputSchema: { type: 'object', properties: { result: { type: 'array' } }, required: ['result'] },
        },
        list.tools[1],
        list.tools[2],
        { name: 'd', outputSchema: { type: 'object', anyOf: [] } },
        5,
      ],
    });
  });

  it('keeps what its references point to where they look for it', async () => {
    const kept = { $schema: 's', $id: 'https://a.example/b', $defs: { X: {} }, definitions: { Y: {} } };
    const outputSchema = { ...kept, type: 'array', items: { $ref: '#/$defs/X' } };
    expect(await asLegacy('tools/list', JSON.stringify({ tools: [{ name: 'a', outputSchema }] }))).toEqual({
      tools: [
        {
          name: 'a',
          outputSchema: {
            ...kept,
            type: 'object',
            properties: { result: { type: 'array', items: { $ref: '#/$defs/X' } } },
            required: ['result'],
          },
        },
      ],
    });
  });

  it('that allows an object is none but one, as its content is not wrapped then', async () => {
    const list = { tools: [{ name: 'a', outputSchema: { type: ['object', 'null'], properties: {} } }] };
    expect(await asLegacy('tools/list', JSON.stringify(list))).toEqual({
      tools: [{ name: 'a', outputSchema: { type: 'object', properties: {} } }],
    });
  });

  it.each([
    '{"tools":[{"name":"a"}]}',
    '{"tools":[{"name":"a","outputSchema":{"type":"object"}}], "x":12345678901234567890}',
    '{"outputSchema":5}',
  ])('that needs nothing keeps its bytes: %s', (json) => {
    const payload = Payload.json<Record<string, unknown>>(bytes(json));
    const { single } = legacyReply({ method: 'tools/list', version }, resultReply(payload));
    expect(single?.kind === 'result' && single.result.text).toBe(json);
  });
});

describe('a server that refuses', () => {
  it('does not touch errors', () => {
    const error = errorReply(new McpError('not_found', 'x'));
    expect(legacyReply({ method: 'tools/call', version }, error)).toBe(error);
  });
});
