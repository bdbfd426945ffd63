import { describe, expect, it } from 'vitest';
import { createSeal } from './seal.ts';

const secret = (fill: number): Uint8Array<ArrayBuffer> => new Uint8Array(32).fill(fill);
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('a sealed token', () => {
  it('opens where it was sealed, and with the same secret elsewhere', async () => {
    const token = await createSeal(secret(1)).seal('p', { a: 'é', n: [1, null] });
    expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(await createSeal(secret(1)).open('p', token)).toEqual({ a: 'é', n: [1, null] });
  });

  it('does not open for another purpose', async () => {
    const seal = createSeal(secret(1));
    expect(await seal.open('q', await seal.seal('p', {}))).toBeUndefined();
  });

  it('does not open under another secret', async () => {
    expect(await createSeal(secret(2)).open('p', await createSeal(secret(1)).seal('p', {}))).toBeUndefined();
  });

  it('is another one each time', async () => {
    const seal = createSeal(secret(1));
    expect(await seal.seal('p', {})).not.toBe(await seal.seal('p', {}));
  });

  it('does not open with any one character changed: one session has one name', async () => {
    const seal = createSeal(secret(1));
    const token = await seal.seal('p', { n: 1 });
    for (let at = 0; at < token.length; at++) {
      const other = ALPHABET[(ALPHABET.indexOf(token[at] ?? '') + 1) % ALPHABET.length] ?? '';
      expect(await seal.open('p', token.slice(0, at) + other + token.slice(at + 1))).toBeUndefined();
    }
  });

  it.each([
    ['cut', (token: string) => token.slice(0, -1)],
    ['lengthened', (token: string) => `${token}A`],
    ['with a space', (token: string) => ` ${token}`],
    ['with padding', (token: string) => `${token}==`],
    ['empty', () => ''],
    ['not Base64', () => '!!!'],
    ['not ASCII', () => 'é'],
  ])('does not open when it is %s', async (_, change) => {
    const seal = createSeal(secret(1));
    expect(await seal.open('p', change(await seal.seal('p', { n: 1 })))).toBeUndefined();
  });
});
