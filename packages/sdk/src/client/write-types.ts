import { McpError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { MCPClient } from './client.ts';
import { typeOf } from './schema-types.ts';

/**
 * Writes the types of a live server's tools as TypeScript: the interface that `typedClient` takes.
 *
 * @example
 * ```ts
 * await writeFile('weather.types.ts', await writeTypes(client, 'Weather'));
 * // then: typedClient<Weather>(client)
 * ```
 * @param name - of the interface; a TypeScript identifier
 * @returns the text of a module
 * @throws McpError `invalid_options` if the name is no identifier
 */
export async function writeTypes(client: MCPClient, name = 'Server'): Promise<string> {
  if (!/^[A-Za-z_$][\w$]*$/.test(name))
    throw new McpError('invalid_options', `name is ${JSON.stringify(name)}; allowed: a TypeScript identifier.`);
  const members = new Map<string, string>();
  // What servers list is not checked: anything may be missing, or there twice.
  for await (const listed of client.tools.list()) {
    const tool: JsonObject = listed;
    const input = isJsonObject(tool.inputSchema) ? tool.inputSchema : {};
    const optional = hasRequired(input) ? '' : ' | undefined';
    const result = isJsonObject(tool.outputSchema) ? typeOf(tool.outputSchema, 3) : 'unknown';
    members.set(
      listed.name,
      `${comment(tool.description)}    ${JSON.stringify(listed.name)}: {\n      params: ${typeOf(input, 3)}${optional};\n      result: ${result};\n    };`,
    );
  }
  return `/** Tools of a live server, written by writeTypes. */\nexport interface ${name} {\n  toolTypes: {\n${[...members.values()].join('\n')}\n  };\n}\n`;
}

const hasRequired = (schema: JsonObject): boolean => Array.isArray(schema.required) && schema.required.length > 0;

const comment = (text: unknown): string =>
  typeof text !== 'string' ? '' : `    /** ${text.replaceAll('*/', '* /').replaceAll(/\s+/g, ' ')} */\n`;
