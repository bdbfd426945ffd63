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

/** How many expressions a template may have: each may try many places. */
const MAX_EXPRESSIONS = 16;

/** What stands before an expression, and what its values may hold. */
const OPERATORS: Readonly<Record<string, { prefix: string; value: string }>> = {
  '': { prefix: '', value: '[^/?#&=]+' },
  '+': { prefix: '', value: '.+' },
  '#': { prefix: '#', value: '.+' },
  '.': { prefix: '\\.', value: '[^/?#.]+' },
  '/': { prefix: '/', value: '[^/?#]+' },
};

/**
 * Compiles a URI template.
 * @throws McpError `invalid_options` if it is none, or has no variable
 */
export function parseUriTemplate(template: string): UriTemplate {
  const names: string[] = [];
  let pattern = '';
  let last = 0;
  const expressions = [...template.matchAll(EXPRESSION)];
  if (expressions.length === 0 || expressions.length > MAX_EXPRESSIONS)
    throw invalid(template, `it must have 1 to ${MAX_EXPRESSIONS} expressions such as {id}`);
  for (const { 0: whole, 1: operator = '', 2: list = '', index } of expressions) {
    pattern += literal(template, template.slice(last, index)) + expression(template, operator, list, names);
    last = index + whole.length;
  }
  pattern += literal(template, template.slice(last));
  if (new Set(names).size < names.length) throw invalid(template, 'a variable is used twice');
  const matcher = new RegExp(`^${pattern}$`, 's');
  return { names, match: (uri) => (uri.length > MAX_URI ? undefined : variables(names, matcher.exec(uri))) };
}

function literal(template: string, text: string): string {
  if (/[{}]/.test(text)) throw invalid(template, 'a brace is not closed');
  return text.replaceAll(/[.*+?^$()|[\]\\/-]/g, '\\$&');
}

// eslint-disable-next-line max-params -- the fourth collects what the others find
function expression(template: string, operator: string, list: string, names: string[]): string {
  const own = list.split(',');
  const wrong = own.find((name) => !NAME.test(name));
  if (wrong !== undefined) throw invalid(template, `"${wrong}" is no name of a variable`);
  names.push(...own.map((name) => name.replace('*', '')));
  if (operator === '?' || operator === '&')
    return own
      .map((name, index) => `(?:${index === 0 && operator === '?' ? '\\?' : '[?&]'}${name.replace('*', '')}=([^&#]*))?`)
      .join('');
  const { prefix, value } = OPERATORS[operator] ?? { prefix: '', value: '' };
  const separator = operator === '/' || operator === '.' ? prefix : ',';
  // A list takes separators too.
  const values = own.map((name) => (name.endsWith('*') && operator === '/' ? '([^?#]+)' : `(${value})`));
  return `${prefix}${values.join(separator)}`;
}

function variables(names: readonly string[], match: RegExpExecArray | null): Variables | undefined {
  if (!match) return undefined;
  const found = names.map((name, index) => [name, decode(match[index + 1] ?? '')] as const);
  return Object.fromEntries(found);
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
