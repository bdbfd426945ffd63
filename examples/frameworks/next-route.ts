import { buildGreeter } from './greeter.ts';

// A route of Next, as it stands in `app/mcp/route.ts`: one function for each HTTP method.
const server = buildGreeter();

/** Calls, of both eras. */
export const POST = server.fetch;
/** The stream of a legacy session. */
export const GET = server.fetch;
/** The end of a legacy session. */
export const DELETE = server.fetch;
