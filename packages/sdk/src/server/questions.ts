/* eslint-disable @typescript-eslint/no-deprecated -- sampling and roots are deprecated by the specification, and served until it drops them */
import type {
  CreateMessageRequestParamsSchema,
  CreateMessageResultSchema,
  RootSchema,
} from '@modelcontextprotocol/core';
import type { input, output } from 'zod';
import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { toJsonSchema, type Schema } from '../validation/schema.ts';
import type { Question } from '../wire/question.ts';

/** What a model is asked: `params` of `sampling/createMessage`. */
export type SampleRequest = input<typeof CreateMessageRequestParamsSchema>;

/** What a model answered. */
export type SampleResult = output<typeof CreateMessageResultSchema>;

/** A folder or file that the caller works with. */
export type Root = output<typeof RootSchema>;

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
