import { describe, expect, it } from 'vitest';
import { evaluate } from './expression.ts';

describe('evaluate', () => {
  it.each([
    ['1', 1],
    [' 1 + 2 * 3 ', 7],
    ['(1 + 2) * 3', 9],
    ['8 / 4 / 2', 1],
    ['2 - 3 - 4', -5],
    ['-(2 + 3) * 4.5 / 2', -11.25],
    ['2 - -.5', 2.5],
    ['--1.', 1],
    ['0.1 + 0.2', 0.3],
  ])('computes %s', (expression, value) => {
    expect(evaluate(expression)).toBe(value);
  });

  it.each([
    ['', 'Expected a number, but the expression ends.'],
    ['1 +', 'Expected a number, but the expression ends.'],
    ['1 2', 'Expected an operator at character 3, found "2".'],
    ['(1', 'Expected ")" or an operator, but the expression ends.'],
    ['1)', 'Expected an operator at character 2, found ")".'],
    ['2 ** 3', 'Expected a number at character 4, found "*".'],
    ['process.exit()', 'Expected a number at character 1, found "p".'],
    ['1 / (2 - 2)', 'Division by zero at character 5.'],
    [`1${'0'.repeat(400)}`, 'The result is too large.'],
    ['('.repeat(501), 'Longer than 500 characters.'],
  ])('refuses %s', (expression, message) => {
    expect(() => evaluate(expression)).toThrow(message);
  });
});
