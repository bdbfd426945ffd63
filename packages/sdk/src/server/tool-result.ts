import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Result } from '../core/reply.ts';
import { describeIssues, validate, type Schema } from '../validation/schema.ts';
import { wrongReturn, type Reporter } from './run.ts';

/** The result of a tool with an output schema; a tool error that names the field if the schema does not allow it. */
export async function toStructuredResult(
  { name, output, returned }: { name: string; output: Schema; returned: unknown },
  reporter: Reporter,
): Promise<Result> {
  const isWhole = isJsonObject(returned) && Array.isArray(returned.content) && 'structuredContent' in returned;
  // A tool that failed has no result that could fit.
  if (isJsonObject(returned) && returned.isError === true && Array.isArray(returned.content))
    return toResult(name, returned);
  const value = isWhole ? returned.structuredContent : returned;
  const checked = await validate(output, value);
  if (checked.issues) {
    const message = `${name} returned what its output schema does not allow: ${describeIssues(checked.issues)}`;
    reporter.report(message);
    return failed(message);
  }
  const structuredContent = checked.value;
  if (isWhole) return { ...wholeResult(name, returned), structuredContent };
  return { resultType: 'complete', content: [text(textOf(name, structuredContent))], structuredContent };
}

/** The result of a tool without an output schema. @throws McpError `internal` if it is not JSON, or no content */
export function toResult(name: string, returned: unknown): Result {
  if (isJsonObject(returned) && Array.isArray(returned.content)) return wholeResult(name, returned);
  const result: Result = { resultType: 'complete', content: [text(textOf(name, returned))] };
  // Readers of older revisions see the text only.
  if (isJsonObject(returned)) result.structuredContent = returned;
  return result;
}

function wholeResult(name: string, returned: JsonObject): Result {
  const blocks = returned.content as unknown[];
  const wrong = blocks.findIndex((block) => !isJsonObject(block) || typeof block.type !== 'string');
  if (wrong === -1) return { resultType: 'complete', ...returned };
  throw wrongReturn(`tool "${name}"`, `content[${wrong}], which is no content block`);
}

function textOf(name: string, returned: unknown): string {
  if (typeof returned === 'string') return returned;
  if (returned === undefined) return '';
  const json = JSON.stringify(returned) as string | undefined;
  if (json === undefined) throw wrongReturn(`tool "${name}"`, `a ${typeof returned}, which is not JSON`);
  return json;
}

/** A tool error, which a model reads. */
export const failed = (message: string): Result => ({
  resultType: 'complete',
  content: [text(message)],
  isError: true,
});

const text = (value: string): JsonObject => ({ type: 'text', text: value });
