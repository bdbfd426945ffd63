import type { RequestId } from '../core/call.ts';
import type { JsonObject } from '../core/json.ts';
import { joinJson, type Payload } from '../core/payload.ts';
import type { FinalMessage } from '../core/reply.ts';

/** JSON text as it goes on the wire: a string when everything was made here, bytes when a part came as bytes. */
export type WireJson = Uint8Array | string;

/** A request. */
export const encodeRequest = (id: RequestId, method: string, params: Payload<JsonObject>): WireJson =>
  joinJson([
    `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":${JSON.stringify(method)},"params":`,
    params.json,
    '}',
  ]);

/** A notification. */
export const encodeNotification = (method: string, params: Payload<JsonObject>): WireJson =>
  joinJson([`{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":`, params.json, '}']);

/** A response. @param id - null when the request's id could not be read */
export const encodeResponse = (id: RequestId | null, message: FinalMessage): WireJson =>
  joinJson(responseParts(id, message));

/** The parts of a response, for who writes them together with more: joining them would be a copy of its own. */
export function responseParts(id: RequestId | null, message: FinalMessage): readonly WireJson[] {
  const head = `{"jsonrpc":"2.0","id":${typeof id === 'number' ? id : JSON.stringify(id)},"${message.kind}":`;
  const { json } = message.kind === 'result' ? message.result : message.error;
  return [head, json, '}'];
}
