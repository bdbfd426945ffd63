import { McpError } from '../core/errors.ts';
import { errorOf, type MCPClient, type RequestOptions } from './client.ts';

/** Anything that says what its tools are: a server of the builder. */
export interface Typed {
  readonly toolTypes: object;
}

/** The tools of a server as methods. */
export type TypedClient<S extends Typed> = {
  readonly [K in keyof S['toolTypes']]: S['toolTypes'][K] extends { params: infer P; result: infer R }
    ? undefined extends P
      ? (params?: P, options?: RequestOptions) => Promise<R>
      : (params: P, options?: RequestOptions) => Promise<R>
    : never;
};

/**
 * The tools of a server of the same code base as methods, with the types of their schemas: `typedClient<typeof server>(client)`.
 *
 * @remarks Each resolves with the structured result (the text, for a tool without one) and rejects when the tool failed.
 * Only the type of the server is used; it may run anywhere.
 * @throws McpError `invalid_params` from a method when the tool answers with an error
 */
export function typedClient<S extends Typed>(client: MCPClient): TypedClient<S> {
  const call = async (name: string, params: object | undefined, options?: RequestOptions): Promise<unknown> => {
    const result = await client.tools.call(name, params, options);
    const error = errorOf(result);
    if (error !== undefined) throw new McpError('invalid_params', error);
    const [first] = result.content;
    if (result.structuredContent !== undefined) return result.structuredContent;
    return first?.type === 'text' ? first.text : result.content;
  };
  const methods = new Proxy(Object.create(null) as object, {
    get: (_target, name) =>
      // A promise resolves with what has no `then`.
      typeof name === 'string' && name !== 'then'
        ? (params?: object, options?: RequestOptions) => call(name, params, options)
        : undefined,
  });
  // What the proxy answers is what the type of the server says.
  return methods as TypedClient<S>;
}
