// What the servers that the suite judges answer with and ask for, whatever they are made with.

/** A picture of one pixel, as Base64. */
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=';

export const image = { type: 'image' as const, data: PNG, mimeType: 'image/png' };
export const audio = { type: 'audio' as const, data: WAV, mimeType: 'audio/wav' };
export const text = (value: string) => ({ type: 'text' as const, text: value });
export const resource = (uri: string, mimeType: string, content: string) => ({
  type: 'resource' as const,
  resource: { uri, mimeType, text: content },
});

/** Messages with one text of the user. */
export const said = (value: string) => [{ role: 'user' as const, content: text(value) }];

/** A schema with the keywords that must arrive as they are. */
export const CONTACT = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

const titled = (values: readonly string[]) => values.map((value) => ({ const: value, title: `Title of ${value}` }));

/** A form whose fields have defaults. */
export const DEFAULTS = {
  type: 'object' as const,
  properties: {
    name: { type: 'string' as const, description: 'User name', default: 'John Doe' },
    age: { type: 'integer' as const, description: 'User age', default: 30 },
    score: { type: 'number' as const, description: 'User score', default: 95.5 },
    status: { type: 'string' as const, enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean' as const, description: 'Verification status', default: true },
  },
  required: [],
};

/** A form with each kind of choice. */
export const CHOICES = {
  type: 'object' as const,
  properties: {
    untitledSingle: { type: 'string' as const, enum: ['option1', 'option2', 'option3'] },
    titledSingle: { type: 'string' as const, oneOf: titled(['value1', 'value2', 'value3']) },
    legacyEnum: { type: 'string' as const, enum: ['opt1', 'opt2'], enumNames: ['Option One', 'Option Two'] },
    untitledMulti: {
      type: 'array' as const,
      minItems: 1,
      maxItems: 3,
      items: { type: 'string' as const, enum: ['option1', 'option2'] },
    },
    titledMulti: { type: 'array' as const, minItems: 1, maxItems: 3, items: { anyOf: titled(['value1', 'value2']) } },
  },
  required: [],
};

/** Lets other messages through. Unit: ms. */
export const pause = (ms = 20): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What the tool that logs tells. */
export const LOG_LINES = ['Tool execution started', 'Tool processing data', 'Tool execution completed'];

/** What the tool that tells progress tells, of 100. */
export const STEPS = [0, 50, 100];
