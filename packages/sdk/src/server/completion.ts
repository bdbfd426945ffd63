import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Result } from '../core/reply.ts';
import type { CallContext } from './context.ts';

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

/** How many values one answer may have (specification, "Completion"). */
const MAX_VALUES = 100;

/** Answers `completion/complete`. @param find - the completions of a prompt or template; undefined if it is not there */
export async function runCompletion(
  call: Call,
  context: CallContext,
  find: (target: string) => Completions | undefined,
): Promise<Result> {
  const { argument, context: around } = call.params.value;
  if (!isJsonObject(argument) || typeof argument.name !== 'string' || typeof argument.value !== 'string')
    throw new McpError('invalid_params', 'params.argument must have a name and a value, both strings.');
  const completions = find(call.target ?? '');
  if (!completions) throw new McpError('not_found', `Nothing to complete: ${(call.target ?? '').slice(0, 200)}`);
  const complete = Object.hasOwn(completions, argument.name) ? completions[argument.name] : undefined;
  const given = isJsonObject(around) ? stringsOf(around.arguments) : {};
  const values = (await complete?.(argument.value, given, context)) ?? [];
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

/** The reference of a completion, as calls name it. */
export const referenceOf = ({ ref }: CompletionDefinition): string => (ref.type === 'ref/prompt' ? ref.name : ref.uri);

/** A value that {@link JsonObject} members have when they are given. */
export const present = (members: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
