import { createCall, type JsonObject } from '@org/mcp-sdk';
import { describe, expect, it } from 'vitest';
import { ANY_CALLER, capabilityClass, lackedBy, NO_CALLER } from './capability-class.ts';

const classOf = (clientCapabilities: JsonObject, isAlone = false) =>
  capabilityClass(createCall('tools/call', { name: 't' }, { clientCapabilities }), isAlone);

describe('the class of a caller', () => {
  it.each<[string, JsonObject, JsonObject]>([
    ['nothing', {}, {}],
    ['elicitation without a mode', { elicitation: {} }, { elicitation: { form: {} } }],
    ['modes', { elicitation: { url: {}, form: { more: 1 } } }, { elicitation: { form: {}, url: {} } }],
    ['sampling', { sampling: { tools: {}, other: {} } }, { sampling: { tools: {} } }],
    ['roots of one who shares', { roots: { listChanged: true } }, {}],
    ['no extensions', { extensions: {} }, {}],
    ['extensions that are too long to keep', { extensions: { a: { text: 'x'.repeat(4_096) } } }, {}],
    ['what is no capability', { elicitation: true, sampling: 'yes', experimental: { a: {} } }, {}],
  ])('%s', (_, declared, capabilities) => {
    expect(classOf(declared).capabilities).toEqual(capabilities);
  });

  it.each([{}, { listChanged: true }])('has roots where the session is not shared: %j', (roots) => {
    expect(classOf({ roots }, true).capabilities).toEqual({ roots });
    expect(classOf({ roots }, false).capabilities).toEqual({});
  });

  it('is one for what says the same in another order', () => {
    const one = classOf({ extensions: { a: {}, b: {} }, sampling: { context: {}, tools: {} } });
    const other = classOf({ sampling: { tools: {}, context: {} }, extensions: { b: {}, a: {} } });
    expect(one.key).toBe(other.key);
  });

  it('of nobody and of anybody have their keys', () => {
    expect(classOf({}).key).toBe(NO_CALLER.key);
    expect(classOf({ elicitation: { form: {}, url: {} }, sampling: { tools: {}, context: {} } }).key).toBe(
      ANY_CALLER.key,
    );
  });

  it.each<[JsonObject, JsonObject]>([
    [{}, { elicitation: {}, sampling: {} }],
    [{ elicitation: {} }, { elicitation: { url: {} }, sampling: {} }],
    [{ elicitation: { form: {}, url: {} }, sampling: {} }, { sampling: { tools: {}, context: {} } }],
    [ANY_CALLER.capabilities, {}],
  ])('%j lacks %j', (declared, lacked) => {
    expect(lackedBy(classOf(declared))).toEqual(lacked);
  });
});
