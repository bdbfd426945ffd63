import { McpError } from '../core/errors.ts';
import { joinJson } from '../core/payload.ts';
import type { WireJson } from '../wire/encode.ts';
import type { JsonLimits } from '../wire/json-reader.ts';
import { readBatch } from '../wire/message.ts';
import type { LegacySession } from './legacy-session.ts';

/** The revision that requires JSON-RPC batches to be received. */
export const BATCH_VERSION = '2025-03-26';

/** How many messages a batch may have: they all run at once. */
const MAX_BATCH = 100;

/** Lets a batch pass. @throws McpError `invalid_request` if the session has a revision without batches, or there is none */
export function checkBatchSession(session: LegacySession | undefined): asserts session is LegacySession {
  if (session?.client.version === BATCH_VERSION) return;
  throw new McpError('invalid_request', `A batch is only received in a session of revision ${BATCH_VERSION}.`);
}

/** Splits a batch into its messages. @throws McpError `invalid_request` if there are none or more than 100 */
export function splitBatch(bytes: Uint8Array, limits: JsonLimits): Uint8Array[] {
  const messages = readBatch(bytes, limits);
  if (messages.length <= MAX_BATCH) return messages;
  throw new McpError('invalid_request', `The batch has ${messages.length} messages; allowed: at most ${MAX_BATCH}.`);
}

/** Makes one message of the answers to a batch; undefined if there are none. */
export function joinBatch(answers: readonly WireJson[]): WireJson | undefined {
  const list = answers.flatMap((answer, index) => (index === 0 ? [answer] : [',', answer]));
  return list.length === 0 ? undefined : joinJson(['[', ...list, ']']);
}
