import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createCall } from '../core/call.ts';
import type { JsonObject } from '../core/json.ts';
import { checkResponse, requireCapability } from '../wire/question.ts';
import { formQuestion, sampleQuestion, urlQuestion } from './questions.ts';

const fieldsOf = (shape: z.ZodRawShape): unknown =>
  (formQuestion(z.object(shape), 'Q?').params.requestedSchema as JsonObject).properties;

test('a page has an absolute URL', () => {
  for (const url of ['', '/pay', 'example.com/pay'])
    expect(() => urlQuestion(url, 'Pay')).toThrow(`askUrl: the URL "${url}" is not absolute.`);
  expect(urlQuestion('https://example.com/pay', 'Pay').params).toMatchObject({ url: 'https://example.com/pay' });
});

describe('a form', () => {
  test('has text, numbers, switches and choices, with what a client can show of them', () => {
    expect(
      fieldsOf({
        mail: z.email().describe('Where to'),
        id: z.uuid(),
        nights: z.number().min(1).max(9),
        sure: z.boolean().default(false),
        size: z.enum(['s', 'm']),
        tags: z.array(z.enum(['a', 'b'])).max(2),
      }),
    ).toEqual({
      mail: { type: 'string', format: 'email', description: 'Where to' },
      id: { type: 'string' },
      nights: { type: 'number', minimum: 1, maximum: 9 },
      sure: { type: 'boolean', default: false },
      size: { type: 'string', enum: ['s', 'm'] },
      tags: { type: 'array', items: { type: 'string', enum: ['a', 'b'] }, maxItems: 2 },
    });
  });

  test.each<[string, z.ZodType]>([
    ['objects', z.object({})],
    ['lists of text', z.array(z.string())],
    ['anything', z.any()],
  ])('has no %s', (_, field) => {
    expect(() => fieldsOf({ field })).toThrow('the field "field" must be');
  });
});

describe('a caller', () => {
  const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: 'hi' } }];
  const form = formQuestion(z.object({}), 'Q?');
  const url = urlQuestion('https://example.com', 'Go');
  const sample = sampleQuestion({ messages, maxTokens: 1 });
  const withTools = sampleQuestion({ messages, maxTokens: 1, tools: [] });

  test.each([
    [{ elicitation: {} }, form, true],
    [{ elicitation: { form: {} } }, form, true],
    [{ elicitation: { url: {} } }, form, false],
    [{ elicitation: {} }, url, false],
    [{ elicitation: { url: {} } }, url, true],
    [{ sampling: {} }, sample, true],
    [{ sampling: {} }, withTools, false],
    [{ sampling: { tools: {} } }, withTools, true],
    [{}, sample, false],
  ])('that declares %j', (clientCapabilities, question, passes) => {
    const ask = (): void => {
      requireCapability(question, createCall('tools/call', {}, { clientCapabilities }));
    };
    if (passes) expect(ask).not.toThrow();
    else expect(ask).toThrow(question.method);
  });
});

describe('an answer', () => {
  test.each<[string, unknown, boolean]>([
    ['elicitation/create', { action: 'accept' }, true],
    ['elicitation/create', { action: 'perhaps' }, false],
    ['roots/list', { roots: [] }, true],
    ['roots/list', {}, false],
    ['sampling/createMessage', { role: 'assistant', content: {} }, true],
    ['sampling/createMessage', { role: 'assistant' }, false],
    ['roots/list', 'text', false],
  ])('to %s: %j', (method, response, passes) => {
    const check = (): JsonObject => checkResponse(method, response);
    if (passes) expect(check()).toBe(response);
    else expect(check).toThrow(`no result of ${method}`);
  });
});
