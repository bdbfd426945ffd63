import { McpError } from '../core/errors.ts';
import type { Infer, Schema } from '../validation/schema.ts';
import type { ToolResult } from './client.ts';

/** Checks the structured content of a result. @throws McpError `unavailable` if it is not what the schema says */
export async function checkOutput<S extends Schema>(
  name: string,
  result: ToolResult,
  schema: S | undefined,
): Promise<ToolResult<Infer<S>>> {
  // Without a schema the type is `unknown`, and an error has no structured content.
  if (!schema || result.isError === true) return result;
  const checked = await schema['~standard'].validate(result.structuredContent);
  if (checked.issues) {
    const faults = checked.issues.map(({ message }) => message).join('; ');
    throw new McpError(
      'unavailable',
      `The tool ${name} answered with other structured content than expected: ${faults}`,
    );
  }
  return { ...result, structuredContent: checked.value as Infer<S> };
}
