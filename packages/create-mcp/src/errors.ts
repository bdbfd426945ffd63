/** What can go wrong. `usage` is the caller's to mend by other arguments; the exit code is 2 then, else 1. */
export type CreateErrorCode = 'usage' | 'folder_taken' | 'not_writable' | 'install_failed';

/** An error that is shown to the person at the terminal: its message names the fault and the remedy. */
export class CreateError extends Error {
  override readonly name = 'CreateError';
  readonly code: CreateErrorCode;

  constructor(code: CreateErrorCode, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.code = code;
  }
}
