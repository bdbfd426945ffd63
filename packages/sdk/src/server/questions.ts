/* eslint-disable @typescript-eslint/no-deprecated -- sampling and roots are deprecated by the specification, and served until it drops them */
import type {
  CreateMessageRequestParamsSchema,
  CreateMessageResultSchema,
  RootSchema,
} from '@modelcontextprotocol/core';
import type { input, output } from 'zod';
import type { Call } from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { META } from '../core/protocol.ts';
import { toJsonSchema, type Schema } from '../validation/schema.ts';

/** What a model is asked: `params` of `sampling/createMessage`. */
export type SampleRequest = input<typeof CreateMessageRequestParamsSchema>;

/** What a model answered. */
export type SampleResult = output<typeof CreateMessageResultSchema>;

/** A folder or file that the caller works with. */
export type Root = output<typeof RootSchema>;

/** Something that only the caller's side can answer. */
export interface Question {
  readonly method: 'elicitation/create' | 'sampling/createMessage' | 'roots/list';
  readonly params: JsonObject;
  /** The capability that the caller must have declared for it. */
  readonly needs: JsonObject;
}

const PROPERTY_KEYWORDS = new Set([
  ...['type', 'title', 'description', 'default', 'enum', 'enumNames', 'oneOf', 'anyOf', 'items', 'const'],
  ...['minItems', 'maxItems', 'minLength', 'maxLength', 'format', 'minimum', 'maximum'],
]);

/** What a form may ask for besides; the schema still validates what comes back. */
const FORMATS = new Set<unknown>(['email', 'uri', 'date', 'date-time']);

const PRIMITIVES = new Set(['string', 'number', 'integer', 'boolean']);

/**
 * A form for the user.
 * @throws McpError `invalid_options` if the schema is not a flat object of primitive fields
 * @see https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation#requested-schema
 */
export function formQuestion(schema: Schema, message: string): Question {
  const described = toJsonSchema(schema, 'ask');
  const properties = isJsonObject(described.properties) ? described.properties : {};
  const fields = Object.entries(properties).map(([name, property]) => [name, fieldOf(name, property)] as const);
  const requestedSchema = {
    type: 'object',
    properties: Object.fromEntries(fields),
    ...(Array.isArray(described.required) ? { required: described.required } : {}),
  };
  return {
    method: 'elicitation/create',
    params: { mode: 'form', message, requestedSchema },
    needs: { elicitation: { form: {} } },
  };
}

function fieldOf(name: string, property: unknown): JsonObject {
  if (!isJsonObject(property) || !isField(property))
    throw new McpError(
      'invalid_options',
      `ask: the field "${name}" must be a string, number, boolean or choice; a form has no nested values.`,
    );
  const shown = Object.entries(property).filter(
    ([keyword, value]) => PROPERTY_KEYWORDS.has(keyword) && (keyword !== 'format' || FORMATS.has(value)),
  );
  return Object.fromEntries(shown);
}

function isField(property: JsonObject): boolean {
  if (typeof property.type === 'string' && PRIMITIVES.has(property.type)) return true;
  if (property.type !== 'array') return Array.isArray(property.enum) || Array.isArray(property.oneOf);
  const { items } = property;
  return isJsonObject(items) && (Array.isArray(items.enum) || Array.isArray(items.anyOf) || Array.isArray(items.oneOf));
}

/** A page that the user is sent to. @throws McpError `invalid_options` if the URL is not absolute */
export function urlQuestion(url: string, message: string): Question {
  if (!URL.canParse(url))
    throw new McpError('invalid_options', `askUrl: the URL "${url.slice(0, 200)}" is not absolute.`);
  const params = { mode: 'url', message, url };
  return { method: 'elicitation/create', params, needs: { elicitation: { url: {} } } };
}

/** A message for the caller's model. */
export const sampleQuestion = (request: SampleRequest): Question => ({
  method: 'sampling/createMessage',
  params: request,
  needs: { sampling: request.tools === undefined ? {} : { tools: {} } },
});

/** The caller's roots. */
export const ROOTS_QUESTION: Question = { method: 'roots/list', params: {}, needs: { roots: {} } };

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
