import { McpError, RemoteError } from '@org/mcp-sdk';

/** Whether what a call failed with was said by the server, or by what stands before it: then somebody is there. */
export const isAnswer = (thrown: unknown): boolean =>
  thrown instanceof RemoteError || httpStatusOf(thrown) !== undefined;

/** The status of the HTTP response that a call failed with. */
export function httpStatusOf(thrown: unknown): number | undefined {
  const status = thrown instanceof McpError ? thrown.data?.httpStatus : undefined;
  return typeof status === 'number' ? status : undefined;
}
