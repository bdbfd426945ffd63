import { expect, test } from 'vitest';
import { HELP, readArgs } from './args.ts';

test('a name alone gets the defaults that the help names', () => {
  expect(readArgs(['my-server'])).toEqual({
    name: 'my-server',
    transport: 'stdio',
    install: false,
    help: false,
    version: false,
  });
  expect(HELP).toMatch(/--transport .*default: stdio[^]*--no-install .*\(default\)/);
});

test('options may stand before and after the name; the last of a pair counts', () => {
  expect(readArgs(['--transport', 'http', 'x', '--install'])).toMatchObject({ transport: 'http', install: true });
  expect(readArgs(['--transport=http', '--install', '--no-install'])).toMatchObject({
    name: undefined,
    install: false,
  });
  expect(readArgs(['-h', '-v'])).toMatchObject({ help: true, version: true });
});

test.each([
  [['a', 'b'], /One name is expected, not 2: a b/],
  [['--transport', 'sse', 'x'], /--transport is "sse"; allowed: stdio, http\./],
  [['--transport'], /--transport/],
  [['--force'], /--force/],
])('%j is refused', (argv, why) => {
  expect(() => readArgs(argv)).toThrow(expect.objectContaining({ code: 'usage', message: expect.stringMatching(why) }));
});
