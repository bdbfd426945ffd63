import { RemoteError, type ErrorMessage } from '../core/reply.ts';

/** The error that ended a reply: what was thrown in this process as it is, else what the server said. */
export const errorIn = ({ thrown, error }: ErrorMessage): Error =>
  thrown instanceof Error ? thrown : new RemoteError(error.value);
