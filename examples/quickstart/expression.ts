/** Says what is wrong with an expression, and where. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

/** Longest expression. Unit: characters. It bounds how deep the parser below can recurse. */
const MAX_LENGTH = 500;
const NUMBER = /\d+(?:\.\d*)?|\.\d+/y;
const SPACE = /\s*/y;

/**
 * Computes an expression of numbers, `+ - * /`, unary minus and parentheses.
 *
 * @remarks A parser of its own: `eval` would run whatever a caller, or a model, writes.
 * @throws ExpressionError naming what was expected, and at which character (the first is 1)
 */
export function evaluate(expression: string): number {
  if (expression.length > MAX_LENGTH) throw new ExpressionError(`Longer than ${MAX_LENGTH} characters.`);
  const value = new Parser(expression).parse();
  if (!Number.isFinite(value)) throw new ExpressionError('The result is too large.');
  // 15 digits are those that survive: 0.1 + 0.2 is 0.3, not 0.30000000000000004.
  return Number(value.toPrecision(15));
}

/** Recursive descent, one method per line of the grammar. */
class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#read(SPACE);
  }

  parse(): number {
    const value = this.#sum();
    if (this.#at < this.#text.length) throw this.#expected('an operator');
    return value;
  }

  /** sum = product { ("+" | "-") product } */
  #sum(): number {
    let value = this.#product();
    while (true) {
      if (this.#skip('+')) value += this.#product();
      else if (this.#skip('-')) value -= this.#product();
      else return value;
    }
  }

  /** product = unary { ("*" | "/") unary } */
  #product(): number {
    let value = this.#unary();
    while (true) {
      if (this.#skip('*')) value *= this.#unary();
      else if (this.#skip('/')) value = this.#divide(value);
      else return value;
    }
  }

  #divide(value: number): number {
    const position = this.#at + 1;
    const divisor = this.#unary();
    if (divisor === 0) throw new ExpressionError(`Division by zero at character ${position}.`);
    return value / divisor;
  }

  /** unary = "-" unary | "(" sum ")" | number */
  #unary(): number {
    if (this.#skip('-')) return -this.#unary();
    if (this.#skip('(')) return this.#rest();
    const digits = this.#read(NUMBER);
    if (digits === '') throw this.#expected('a number');
    this.#read(SPACE);
    return Number(digits);
  }

  #rest(): number {
    const value = this.#sum();
    if (!this.#skip(')')) throw this.#expected('")" or an operator');
    return value;
  }

  #skip(symbol: string): boolean {
    if (this.#text[this.#at] !== symbol) return false;
    this.#at++;
    this.#read(SPACE);
    return true;
  }

  #read(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ''] = pattern.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }

  #expected(what: string): ExpressionError {
    const found = this.#text[this.#at];
    if (found === undefined) return new ExpressionError(`Expected ${what}, but the expression ends.`);
    return new ExpressionError(`Expected ${what} at character ${this.#at + 1}, found "${found}".`);
  }
}
