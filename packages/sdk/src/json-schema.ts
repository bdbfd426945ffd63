export { jsonSchema } from './validation/json-schema.ts';
