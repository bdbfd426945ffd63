/** Tells a person what went wrong, in one line on standard error. */
export function showFailure(thrown: unknown): void {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  console.error(`quickstart: ${message.replaceAll(/\s*\n\s*/g, ' ')}`);
}
