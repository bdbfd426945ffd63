import { stripVTControlCharacters, styleText } from 'node:util';

/** Where lines go; nowhere if the output is for a program. */
export type Print = (line?: string) => void;

/** What a cell means; colours it where there are colours. */
export type Tone = 'plain' | 'good' | 'bad' | 'dim' | 'bold';

/** A cell of a row: its text, or its text and its tone. */
export type Cell = string | readonly [text: string, tone: Tone];

/** A column; the widths are fixed beforehand, because rows are printed as they come. */
export interface Column {
  readonly title: string;
  readonly width: number;
  readonly align?: 'right';
}

/** A table that is printed row by row. */
export interface Table {
  row(...cells: Cell[]): void;
  /** A line under the last row. */
  note(text: string): void;
}

const STYLES = { good: 'green', bad: 'red', dim: 'dim', bold: 'bold' } as const;
const INDENT = '  ';
/** Widest line. Unit: characters. */
const MAX_WIDTH = 100;

const colours = process.stdout.isTTY && (process.env.NO_COLOR ?? '') === '';

/** Colours a text, if the terminal can. */
export function paint(text: string, tone: Tone): string {
  return colours && tone !== 'plain' ? styleText(STYLES[tone], text) : text;
}

/** Starts a table by printing its head. */
export function createTable(columns: readonly Column[], print: Print): Table {
  const line = (cells: readonly Cell[]): string =>
    columns.map((column, index) => render(column, cells[index] ?? '')).join(INDENT);
  print(`${INDENT}${line(columns.map(({ title }) => [title, 'bold']))}`.trimEnd());
  return {
    row: (...cells) => {
      print(`${INDENT}${line(cells)}`.trimEnd());
    },
    note: (text) => {
      print(`${INDENT}${INDENT}${paint(shorten(text, MAX_WIDTH - 2 * INDENT.length), 'dim')}`);
    },
  };
}

/** One line of at most `width` characters. What servers say must not move the cursor. */
export function shorten(text: string, width: number): string {
  const clean = stripVTControlCharacters(text)
    .replaceAll(/[\s\p{C}]+/gu, ' ')
    .trim();
  const characters = Array.from(clean);
  return characters.length <= width
    ? clean
    : `${characters
        .slice(0, width - 1)
        .join('')
        .trimEnd()}…`;
}

function render({ width, align }: Column, cell: Cell): string {
  const [text, tone] = typeof cell === 'string' ? ([cell, 'plain'] as const) : cell;
  const short = shorten(text, width);
  const padding = ' '.repeat(width - Array.from(short).length);
  return align === 'right' ? padding + paint(short, tone) : paint(short, tone) + padding;
}
