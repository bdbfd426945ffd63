import { McpError } from '../core/errors.ts';

/** The variables of a URI template, by name; a list `{var*}` is joined by commas. */
export type Variables = Readonly<Record<string, string>>;

/** What the compiler knows of the variables of a template, e.g. `{ id: string }` of `notes://{id}`. */
export type VariablesOf<T extends string> = string extends T
  ? Variables
  : { readonly [K in NamesIn<T> as Bare<K>]: string };

type NamesIn<T extends string> = T extends `${string}{${infer Names}}${infer Rest}`
  ? Each<Names> | NamesIn<Rest>
  : never;
type Each<T extends string> = T extends `${infer First},${infer Rest}` ? First | Each<Rest> : T;
type Bare<T extends string> = T extends `${'+' | '#' | '.' | '/' | ';' | '?' | '&'}${infer Name}`
  ? Bare<Name>
  : T extends `${infer Name}*`
    ? Name
    : T;

/** A URI template that recognises the URIs it describes. @see RFC 6570 */
export interface UriTemplate {
  readonly names: readonly string[];
  /** The variables in a URI; undefined if the template does not describe it. */
  match(uri: string): Variables | undefined;
}

const EXPRESSION = /\{([+#./?&]?)([^{}]+)\}/g;
const NAME = /^[A-Za-z0-9_.]+\*?$/;

/** Longer URIs are not looked at. Unit: characters. */
const MAX_URI = 8_192;

/** How many expressions a template may have: each is looked for at every place of a URI. */
const MAX_EXPRESSIONS = 16;

/** What stands before an expression, and what its values never hold. */
const OPERATORS: Readonly<Record<string, { prefix: string; stops: string }>> = {
  '': { prefix: '', stops: '/?#&=' },
  '+': { prefix: '', stops: '' },
  '#': { prefix: '#', stops: '' },
  '.': { prefix: '.', stops: '/?#.' },
  '/': { prefix: '/', stops: '/?#' },
};

/** What a template is made of; a value has one character at least, a parameter is left out or begins as it says. */
type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly name: string; readonly stops: string }
  | { readonly kind: 'parameter'; readonly name: string; readonly starts: readonly string[] };

/**
 * Compiles a URI template.
 *
 * @remarks Not to a regular expression: two values side by side make it try each place for each, and `{year}-{month}-{day}`
 * would let one URI of 8,000 characters keep the process busy for minutes.
 * @throws McpError `invalid_options` if it is none, or has no variable
 */
export function parseUriTemplate(template: string): UriTemplate {
  const parts: Part[] = [];
  let last = 0;
  const expressions = [...template.matchAll(EXPRESSION)];
  if (expressions.length === 0 || expressions.length > MAX_EXPRESSIONS)
    throw invalid(template, `it must have 1 to ${MAX_EXPRESSIONS} expressions such as {id}`);
  for (const { 0: whole, 1: operator = '', 2: list = '', index } of expressions) {
    parts.push(...literal(template, template.slice(last, index)), ...expression(template, operator, list));
    last = index + whole.length;
  }
  parts.push(...literal(template, template.slice(last)));
  const names = parts.flatMap((part) => (part.kind === 'text' ? [] : [part.name]));
  if (new Set(names).size < names.length) throw invalid(template, 'a variable is used twice');
  return { names, match: (uri) => (uri.length > MAX_URI ? undefined : match(parts, uri)) };
}

function literal(template: string, text: string): Part[] {
  if (/[{}]/.test(text)) throw invalid(template, 'a brace is not closed');
  return text === '' ? [] : [{ kind: 'text', text }];
}

function expression(template: string, operator: string, list: string): Part[] {
  const own = list.split(',');
  const wrong = own.find((name) => !NAME.test(name));
  if (wrong !== undefined) throw invalid(template, `"${wrong}" is no name of a variable`);
  if (operator === '?' || operator === '&')
    return own.map((listed, index) => {
      const name = listed.replace('*', '');
      const first = operator === '?' && index === 0;
      return { kind: 'parameter', name, starts: first ? [`?${name}=`] : [`?${name}=`, `&${name}=`] };
    });
  const { prefix, stops } = OPERATORS[operator] ?? { prefix: '', stops: '' };
  const separator = operator === '/' || operator === '.' ? prefix : ',';
  return own.flatMap((listed, index): Part[] => {
    // A list takes separators too.
    const isList = listed.endsWith('*') && operator === '/';
    const value: Part = { kind: 'value', name: listed.replace('*', ''), stops: isList ? '?#' : stops };
    return [...literal(template, index === 0 ? prefix : separator), value];
  });
}

/** The variables of a URI: each value is as long as it can be. Takes time by the length of the URI, whatever it holds. */
function match(parts: readonly Part[], uri: string): Variables | undefined {
  const [first] = parts;
  if (first?.kind === 'text' && !uri.startsWith(first.text)) return undefined;
  // From the last part to the first: where each ends, for every place from which the rest fits.
  const ends: Places[] = [];
  let after = nowhere(uri);
  after[uri.length] = uri.length;
  for (let index = parts.length - 1; index >= 0; index--)
    ends[index] = after = endsOf(parts[index] as Part, uri, after);
  const found: [string, string][] = [];
  let at = 0;
  for (const [index, part] of parts.entries()) {
    const to = ends[index]?.[at] ?? NOWHERE;
    if (to === NOWHERE) return undefined;
    if (part.kind === 'value') found.push([part.name, decode(uri.slice(at, to))]);
    if (part.kind === 'parameter') found.push([part.name, decode(uri.slice(at + part.name.length + '?='.length, to))]);
    at = to;
  }
  return Object.fromEntries(found);
}

/** A place in the URI, or {@link NOWHERE}, for each place. */
type Places = number[];

/** Stands for a place from which the rest does not fit. */
const NOWHERE = -1;

const nowhere = (uri: string): Places => new Array<number>(uri.length + 1).fill(NOWHERE);

/** Where a part ends, by where it begins. @param after - the same of the part that follows */
function endsOf(part: Part, uri: string, after: Places): Places {
  switch (part.kind) {
    case 'text':
      return endsOfText(part.text, uri, after);
    case 'value':
      return endsOfValue(part.stops, uri, after);
    case 'parameter':
      return endsOfParameter(part.starts, uri, after);
  }
}

function endsOfText(text: string, uri: string, after: Places): Places {
  const ends = nowhere(uri);
  for (const at of placesOf(text, uri)) if (after[at + text.length] !== NOWHERE) ends[at] = at + text.length;
  return ends;
}

function endsOfValue(stops: string, uri: string, after: Places): Places {
  const ends = nowhere(uri);
  let last = NOWHERE;
  for (let at = uri.length - 1; at >= 0; at--) {
    if (stops.includes(uri.charAt(at))) last = NOWHERE;
    else ends[at] = last = last === NOWHERE && after[at + 1] !== NOWHERE ? at + 1 : last;
  }
  return ends;
}

function endsOfParameter(starts: readonly string[], uri: string, after: Places): Places {
  // Left out, it ends where it begins.
  const ends = after.map((to, at) => (to === NOWHERE ? NOWHERE : at));
  const values = endsOfValue('&#', uri, after);
  for (const start of starts)
    for (const at of placesOf(start, uri)) {
      const from = at + start.length;
      const to = values[from] ?? NOWHERE;
      if (to !== NOWHERE) ends[at] = to;
      else if (after[from] !== NOWHERE) ends[at] = from;
    }
  return ends;
}

function* placesOf(text: string, uri: string): Iterable<number> {
  for (let at = uri.indexOf(text); at !== -1; at = uri.indexOf(text, at + 1)) yield at;
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

const invalid = (template: string, why: string): McpError =>
  new McpError('invalid_options', `resource "${template}": the URI template is wrong: ${why}.`);
