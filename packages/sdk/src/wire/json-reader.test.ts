import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, check } from '../../test/support/property.ts';
import { McpError } from '../core/errors.ts';
import { DEFAULT_JSON_LIMITS, JsonReader, type ReadTerms } from './json-reader.ts';
import { isUtf8 } from './utf8.ts';

const NO_LIMITS = { maxDepth: 10_000, maxElements: 1_000_000 };

function accepts(json: Uint8Array, limits = NO_LIMITS): boolean {
  const reader = new JsonReader(json, limits);
  try {
    reader.skip();
    reader.end();
    return isUtf8(json);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(McpError);
    return false;
  }
}

function parses(json: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json));
    return true;
  } catch {
    return false;
  }
}

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (thrown) {
    return McpError.from(thrown).code;
  }
  return 'none';
};

/** Text made of JSON's own pieces: most of it is nearly right. */
const nearlyJson = fc
  .array(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '\\u',
      '00e9',
      'd800',
      'true',
      'false',
      'null',
      'tru',
      '-',
      '+',
      '.',
      '0',
      '1',
      '01',
      'e',
      'E',
      '1e5',
      '-0',
      '1.5',
      ' ',
      '\n',
      '\t',
      '\r',
      '\f',
      '"a"',
      '"a":',
      'é',
      '\u0000',
      '\u007f',
      '\ufeff',
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

describe('JsonReader', () => {
  it('accepts exactly what JSON.parse accepts: valid JSON', () => {
    check(
      fc.property(fc.json(), (json) => {
        expect(accepts(bytes(json))).toBe(true);
      }),
    );
  });

  it('accepts exactly what JSON.parse accepts: text made of JSON tokens', () => {
    check(
      fc.property(nearlyJson, (json) => {
        expect(accepts(bytes(json))).toBe(parses(bytes(json)));
      }),
      3000,
    );
  });

  it('accepts exactly what JSON.parse accepts: valid JSON with bytes changed', () => {
    const mutated = fc
      .tuple(fc.json(), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }))
      .map(([json, changes]) => {
        const out = bytes(json);
        for (const [at, byte] of changes) out[at % out.length] = byte;
        return out;
      });
    check(
      fc.property(mutated, (json) => {
        expect(accepts(json)).toBe(parses(json));
      }),
      2000,
    );
  });

  it('accepts exactly what JSON.parse accepts: arbitrary bytes', () => {
    check(
      fc.property(fc.uint8Array({ maxLength: 20 }), (json) => {
        expect(accepts(json)).toBe(parses(json));
      }),
      1000,
    );
  });

  it.each([
    ['01'],
    ['-'],
    ['1.'],
    ['.5'],
    ['1e'],
    ['1e+'],
    ['+1'],
    ['nul'],
    ['nulL'],
    ['"\\x"'],
    ['"\\u12g4"'],
    ['"\\u123'],
    ['"'],
    ['"\n"'],
    ['[1,]'],
    ['[,1]'],
    ['{"a":1,}'],
    ['{a:1}'],
    ['{"a" 1}'],
    ['{"a"}'],
    ['[1 2]'],
    ['1 2'],
    [''],
    [' '],
    ['['],
    ['{'],
  ])('refuses %j as parse_error', (json) => {
    expect(
      codeOf(() => {
        const reader = new JsonReader(bytes(json));
        reader.skip();
        reader.end();
      }),
    ).toBe('parse_error');
  });

  it('says where the message stops being JSON', () => {
    expect(() => new JsonReader(bytes('{"a":x}')).skip()).toThrow('expected a value at byte 5');
    expect(() => new JsonReader(bytes('{"a":')).skip()).toThrow('the end of the message');
    expect(() => {
      new JsonReader(bytes('1')).object(() => undefined);
    }).toThrow('expected an object');
    expect(() => {
      new JsonReader(bytes('1')).array(() => undefined);
    }).toThrow('expected an array');
  });

  it('reports the offsets of a value without the white space around it', () => {
    const reader = new JsonReader(bytes(' \n [1, {"a":2}] '));
    expect(reader.skip()).toEqual({ start: 3, end: 15 });
  });

  it('decodes keys like JSON.parse, whatever their length and spelling', () => {
    check(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (key) => {
        const json = bytes(JSON.stringify({ [key]: 1 }));
        const keys: string[] = [];
        const reader = new JsonReader(json);
        reader.object((found, start) => {
          keys.push(found);
          expect(json[start]).toBe(0x22);
          reader.skip();
        });
        expect(keys).toEqual(Object.keys(JSON.parse(new TextDecoder().decode(json)) as object));
      }),
    );
  });
});

describe('JsonReader limits', () => {
  const nested = (depth: number, open = '[', close = ']'): Uint8Array =>
    bytes(open.repeat(depth) + close.repeat(depth));

  it('allows 64 levels and refuses 65', () => {
    expect(accepts(nested(64), DEFAULT_JSON_LIMITS)).toBe(true);
    expect(codeOf(() => new JsonReader(nested(65)).skip())).toBe('invalid_request');
  });

  it('refuses a million levels without overflowing the stack', () => {
    expect(codeOf(() => new JsonReader(nested(1_000_000)).skip())).toBe('invalid_request');
    expect(codeOf(() => new JsonReader(bytes('{"a":'.repeat(1_000_000))).skip())).toBe('invalid_request');
  });

  it('counts levels that are open at the same time, not all there are', () => {
    expect(accepts(bytes(`[${Array(100).fill('[[]]').join(',')}]`), { maxDepth: 3, maxElements: 1000 })).toBe(true);
  });

  it('allows as many values as the limit says and not one more', () => {
    const values = (count: number): Uint8Array =>
      bytes(
        `[${Array(count - 1)
          .fill('1')
          .join(',')}]`,
      );
    expect(accepts(values(10), { maxDepth: 4, maxElements: 10 })).toBe(true);
    expect(codeOf(() => new JsonReader(values(11), { maxDepth: 4, maxElements: 10 }).skip())).toBe('invalid_request');
  });

  it('reads a key of a million characters', () => {
    const key = 'k'.repeat(1_000_000);
    let found = '';
    const reader = new JsonReader(bytes(`{"${key}":1}`));
    reader.object((name) => {
      found = name;
      reader.skip();
    });
    expect(found).toBe(key);
  });
});

describe('JsonReader duplicate keys', () => {
  const read = (json: string): string =>
    codeOf(() => {
      const reader = new JsonReader(bytes(json));
      reader.object(() => reader.skip(), true);
    });

  it.each([
    ['{"a":1,"a":2}'],
    ['{"a":1,"\\u0061":2}'],
    ['{"\\u00e9":1,"é":2}'],
    ['{"__proto__":1,"__proto__":2}'],
    ['{"":1,"":2}'],
  ])('refuses %s where keys must be unique', (json) => {
    expect(read(json)).toBe('invalid_request');
  });

  it('cuts a long key short in the message', () => {
    const key = 'x'.repeat(500);
    const reader = new JsonReader(bytes(`{"${key}":1,"${key}":1}`));
    expect(() => {
      reader.object(() => reader.skip(), true);
    }).toThrow(/^The key "x{40}" stands twice\.$/);
  });

  it('allows them where nothing is routed by the keys', () => {
    expect(accepts(bytes('{"a":1,"a":2}'))).toBe(true);
  });

  it('refuses a key that is not UTF-8', () => {
    const json = new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
    expect(
      codeOf(() => {
        new JsonReader(json).object(() => undefined);
      }),
    ).toBe('parse_error');
  });
});

describe('text that is trusted', () => {
  const terms = { maxDepth: 512, maxElements: 1_000_000, trustsText: true };
  const reads = (json: string, limits: ReadTerms = terms): boolean => {
    const reader = new JsonReader(bytes(json), limits);
    try {
      reader.skip();
      reader.end();
      return true;
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(McpError);
      return false;
    }
  };
  const long = 'x'.repeat(300);

  it('is read alike when a value is deeper than the bits of a number', () => {
    const deep = `${'['.repeat(40)}"a \\"b\\" c"${']'.repeat(40)}`;
    expect(reads(`{"a":"say \\"hi\\" ${long}","pad":"${long}\\"","b":${deep},"c":"\\"${long}\\\\"}`)).toBe(true);
  });

  it('is accepted as JSON.parse accepts it, nested or not', () => {
    const text = fc.constantFrom('say "hi"', '\\', `${long}"${long}`, `"${long}\\`, 'é', '');
    const depth = fc.nat(40);
    const nested = fc
      .tuple(text, depth)
      .map(([value, levels]) => '['.repeat(levels) + JSON.stringify(value) + ']'.repeat(levels));
    check(
      fc.property(fc.array(nested, { maxLength: 6 }), (values) => {
        expect(reads(`{"pad":"${long}","values":[${values.join(',')}]}`)).toBe(true);
        expect(reads(`{"pad":"${long}","values":[${values.join(',')}`)).toBe(false);
      }),
      500,
    );
  });

  it('may hold control characters behind its 48th byte, but no line break; keys may not', () => {
    const control = '\u0001';
    expect(reads(`["${long}${control}"]`)).toBe(true);
    expect(reads(`["${long}\n"]`)).toBe(false);
    expect(reads(`["${control}","${long}"]`)).toBe(false);
    expect(reads(`{"${long}${control}":1}`)).toBe(false);
    expect(reads(`["${long}${control}"]`, { ...terms, trustsText: false })).toBe(false);
    const short = `["${'x'.repeat(100)}${control}"]`;
    expect(reads(short)).toBe(false);
    expect(reads(short, { ...terms, trustsText: 'short ones too' })).toBe(true);
  });
});
