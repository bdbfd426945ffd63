import { McpError } from '../core/errors.ts';
import type { Infer, Schema } from '../validation/schema.ts';

/** What is looked at of a tool's result. */
interface Checkable {
  readonly isError?: boolean | undefined;
  readonly structuredContent?: unknown;
}

/** Checks the structured content of a result. @throws McpError `unavailable` if it is not what the schema says */
export async function checkOutput<T extends Checkable, S extends Schema>(
  name: string,
  result: T,
  schema: S | undefined,
): Promise<T & { readonly structuredContent?: Infer<S> }> {
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
  // The schema says what it makes of its input.
  return { ...result, structuredContent: checked.value as Infer<S> };
}
