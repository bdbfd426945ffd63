import type { Call } from '../core/call.ts';
import { isRpcError, type RpcError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';
import { META } from '../core/protocol.ts';
import {
  remoteErrorReply,
  resultReply,
  streamReply,
  type ErrorMessage,
  type Message,
  type Reply,
} from '../core/reply.ts';
import { peekResult, modernizeResult } from '../wire/result.ts';

/** What legacy servers answer for a resource that is not there; modern ones say -32602. */
const RESOURCE_NOT_FOUND = -32002;

/** A legacy server wants the user to open pages first (2025-11-25, URL Elicitation Required Error). */
const URL_ELICITATION_REQUIRED = -32042;

/** A modern caller lacks a capability that the call needs. */
const MISSING_CAPABILITY = -32021;

/** Makes the reply of a legacy server one of the modern era. */
export function modernizeReply(call: Call, reply: Reply): Reply {
  const { single } = reply;
  if (single) {
    const message = modernize(call, single);
    if (message === single) return reply;
    if (message.kind === 'result') return resultReply(message.result, peekResult);
    return message.kind === 'error' ? remoteErrorReply(message.error, statusOf(message, reply.status)) : reply;
  }
  return streamReply(modernizeAll(call, reply), (reason) => {
    reply.cancel(reason);
  });
}

const statusOf = ({ error }: ErrorMessage, status: number): number =>
  error.value.code === MISSING_CAPABILITY ? 400 : status;

async function* modernizeAll(call: Call, reply: Reply): AsyncGenerator<Message> {
  for await (const message of reply.messages()) if (!isForLegacyOnly(call, message)) yield modernize(call, message);
}

/** The modern era has no ids of pages, and so nothing that tells that one was left. */
const isForLegacyOnly = (call: Call, message: Message): boolean =>
  call.era === 'modern' && message.kind === 'notification' && message.method === 'notifications/elicitation/complete';

function modernize(call: Call, message: Message): Message {
  if (message.kind === 'notification') return message;
  if (message.kind === 'result') return { kind: 'result', result: modernizeResult(call.method, message.result) };
  const { value } = message.error;
  if (!isRpcError(value)) return message;
  if (value.code === RESOURCE_NOT_FOUND) return { kind: 'error', error: Payload.of({ ...value, code: -32602 }) };
  if (value.code !== URL_ELICITATION_REQUIRED) return message;
  const asked = takesUrls(call) ? pagesOf(value) : undefined;
  if (asked) return { kind: 'result', result: Payload.of(asked) };
  return call.era === 'legacy' ? message : { kind: 'error', error: Payload.of(needsPages(value)) };
}

/** The modern era has no such code (2026-07-28, Error Codes): what is missing is the capability. */
const needsPages = ({ message }: RpcError): RpcError => ({
  code: MISSING_CAPABILITY,
  message,
  data: { requiredCapabilities: { elicitation: { url: {} } } },
});

function takesUrls({ params }: Call): boolean {
  const { _meta: meta } = params.value;
  const capabilities = isJsonObject(meta) ? meta[META.clientCapabilities] : undefined;
  const elicitation = isJsonObject(capabilities) ? capabilities.elicitation : undefined;
  return isJsonObject(elicitation) && isJsonObject(elicitation.url);
}

/** The pages of the error as the questions of a modern result; undefined if there are none. */
function pagesOf({ data }: RpcError): JsonObject | undefined {
  const pages: unknown = isJsonObject(data) ? data.elicitations : undefined;
  const asked = (Array.isArray(pages) ? pages : []).filter(isJsonObject).map(({ url, message }, index) => {
    const params = { mode: 'url', url, message };
    return [`url-${index + 1}`, { method: 'elicitation/create', params }] as const;
  });
  return asked.length === 0 ? undefined : { resultType: 'input_required', inputRequests: Object.fromEntries(asked) };
}

/** Whether a retry says that the user refused a page: the server would only ask again. */
export function refusesPage({ value }: Payload<JsonObject>): boolean {
  const answers = isJsonObject(value.inputResponses) ? Object.values(value.inputResponses) : [];
  return answers.some((answer) => isJsonObject(answer) && answer.action !== 'accept');
}

const INTERNAL_ERROR = -32603;

const REFUSED = 'The user did not open the page.';

/**
 * What a retry without the page is answered with. In the legacy era that is an error with a code of its own; in the
 * modern one, which has none, a tool has failed, which is for the model to know, and all else is an error.
 * @see https://modelcontextprotocol.io/specification/2025-11-25/client/elicitation#error-handling
 */
export function pageRefused({ method, era }: Call): Reply {
  const code = era === 'legacy' ? URL_ELICITATION_REQUIRED : INTERNAL_ERROR;
  if (era === 'legacy' || method !== 'tools/call') return remoteErrorReply(Payload.of({ code, message: REFUSED }), 200);
  const content = [{ type: 'text', text: REFUSED }];
  return resultReply(Payload.of<JsonObject>({ resultType: 'complete', content, isError: true }));
}
