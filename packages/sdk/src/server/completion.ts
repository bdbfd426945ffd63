import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Result } from '../core/reply.ts';
import type { CallContext } from './context.ts';
import { wrongReturn } from './run.ts';
import { checkShape, type Shape } from './shape.ts';

/**
 * Suggests values of an argument.
 *
 * Takes what the user has typed so far, and the arguments that are known already; returns the best values first.
 */
export type Complete = (
  typed: string,
  given: Readonly<Record<string, string>>,
  context: CallContext,
) => readonly string[] | Promise<readonly string[]>;

/** Completions by argument or variable. */
export type Completions<N extends string = string> = { readonly [K in N]?: Complete };

/** A completion for what this server offers itself, or for a reference that only middleware knows. */
export interface CompletionDefinition {
  /** What it is for: the name of a prompt, or a URI or URI template. */
  ref: { type: 'ref/prompt'; name: string } | { type: 'ref/resource'; uri: string };
  argument: string;
  complete: Complete;
}

const SHAPE: Shape<CompletionDefinition> = {
  required: ['ref', 'argument', 'complete'],
  members: { ref: 'object', argument: 'text', complete: 'function' },
};

/** Checks what a caller without types has written. @throws McpError `invalid_options` with one line for each fault */
export function checkCompletion(definition: CompletionDefinition, label: string): void {
  checkShape(label, definition, SHAPE);
  const { type, name, uri } = definition.ref as Partial<Record<'type' | 'name' | 'uri', unknown>>;
  const [member, target] = type === 'ref/prompt' ? ['name', name] : ['uri', uri];
  if (type !== 'ref/prompt' && type !== 'ref/resource')
    throw new McpError('invalid_options', `${label}: ref.type must be "ref/prompt" or "ref/resource".`);
  if (typeof target !== 'string') throw new McpError('invalid_options', `${label}: ref.${member} must be text.`);
}

/** How many values one answer may have (specification, "Completion"). */
const MAX_VALUES = 100;

/** The argument that a `completion/complete` is about. @throws McpError `invalid_params` if it names none */
export function argumentOf(call: Call): { readonly name: string; readonly value: string } {
  const { argument } = call.params.value;
  if (isJsonObject(argument) && typeof argument.name === 'string' && typeof argument.value === 'string')
    return { name: argument.name, value: argument.value };
  throw new McpError('invalid_params', 'params.argument must have a name and a value, both strings.');
}

/** Answers `completion/complete`. @param complete - undefined if nothing is suggested for the argument */
export async function runCompletion(call: Call, context: CallContext, complete: Complete | undefined): Promise<Result> {
  const { context: around } = call.params.value;
  const given = isJsonObject(around) ? stringsOf(around.arguments) : {};
  const values: unknown = (await complete?.(argumentOf(call).value, given, context)) ?? [];
  if (!Array.isArray(values) || !values.every((value) => typeof value === 'string'))
    throw wrongReturn(`completion for "${call.target ?? ''}"`, 'something other than a list of strings');
  const completion = {
    values: values.slice(0, MAX_VALUES),
    total: values.length,
    hasMore: values.length > MAX_VALUES,
  };
  return { resultType: 'complete', completion };
}

function stringsOf(value: unknown): Record<string, string> {
  const entries = isJsonObject(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** What a reference names: the name of a prompt, or a URI. */
export const targetOfReference = (ref: CompletionDefinition['ref']): string =>
  ref.type === 'ref/prompt' ? ref.name : ref.uri;

/** A value that {@link JsonObject} members have when they are given. */
export const present = (members: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
