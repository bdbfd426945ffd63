import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { META } from '../core/protocol.ts';

/** Something that only the caller's side can answer. */
export interface Question {
  readonly method: 'elicitation/create' | 'sampling/createMessage' | 'roots/list';
  readonly params: JsonObject;
  /** The capability that the caller must have declared for it. */
  readonly needs: JsonObject;
}

/** The caller's roots. */
export const ROOTS_QUESTION: Question = { method: 'roots/list', params: {}, needs: { roots: {} } };

const METHODS: ReadonlySet<unknown> = new Set(['elicitation/create', 'sampling/createMessage', 'roots/list']);

/** Whether it is the method of a question. */
export const isQuestion = (method: unknown): method is Question['method'] => METHODS.has(method);

/** A question of a legacy server. @throws McpError `method_not_found` if it is none */
export function questionOf(method: string, params: JsonObject): Question {
  if (method === 'roots/list') return ROOTS_QUESTION;
  if (method === 'sampling/createMessage')
    return { method, params, needs: { sampling: params.tools ? { tools: {} } : {} } };
  if (method !== 'elicitation/create')
    throw new McpError('method_not_found', `${method}: callers cannot be asked that.`);
  // The id is for the notification that this era does not have.
  const { elicitationId: _id, mode = 'form', ...rest } = params;
  const part = mode === 'url' ? { url: {} } : { form: {} };
  return { method, params: { mode, ...rest }, needs: { elicitation: part } };
}

/**
 * Lets a question pass that the caller can be asked.
 * @throws McpError `missing_client_capability` naming the capability it did not declare
 */
export function requireCapability(question: Question, call: Call): void {
  const meta = call.params.value._meta;
  const declared = isJsonObject(meta) ? meta[META.clientCapabilities] : undefined;
  if (isJsonObject(declared) && covers(declared, question.needs)) return;
  throw new McpError(
    'missing_client_capability',
    `The function asks by ${question.method}, which the caller has not declared.`,
    { data: { requiredCapabilities: question.needs } },
  );
}

function covers(declared: JsonObject, needs: JsonObject): boolean {
  return Object.entries(needs).every(([name, parts]) => {
    const found = declared[name];
    if (!isJsonObject(found)) return false;
    // Elicitation without a mode means forms: that is what it was before there were modes.
    const bare = name === 'elicitation' && found.form === undefined && found.url === undefined;
    return Object.keys(isJsonObject(parts) ? parts : {}).every(
      (part) => isJsonObject(found[part]) || (bare && part === 'form'),
    );
  });
}

const ACTIONS = new Set<unknown>(['accept', 'decline', 'cancel']);

/**
 * Reads what a caller answered.
 * @throws McpError `invalid_params` if it is no result of the question's method
 */
export function checkResponse(method: string, response: unknown): JsonObject {
  if (isJsonObject(response) && isResultOf(method, response)) return response;
  throw new McpError('invalid_params', `inputResponses holds a value that is no result of ${method}.`);
}

function isResultOf(method: string, response: JsonObject): boolean {
  if (method === 'elicitation/create') return ACTIONS.has(response.action);
  if (method === 'roots/list') return Array.isArray(response.roots);
  return typeof response.role === 'string' && response.content !== undefined;
}
