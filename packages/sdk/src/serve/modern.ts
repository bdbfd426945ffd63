import type { SignalSource } from '../core/cancellation.ts';
import {
  EdgeCall,
  type Call,
  type InnerCall,
  type CallerSession,
  type Principal,
  type RequestId,
} from '../core/call.ts';
import { McpError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { joinJson, type Payload } from '../core/payload.ts';
import { isLogLevel, isModernVersion, LOG_LEVELS, META, MODERN_VERSIONS, type LogLevel } from '../core/protocol.ts';
import type { FinalMessage, Message } from '../core/reply.ts';
import { encodeNotification, responseParts, type WireJson } from '../wire/encode.ts';
import type { NotificationFrame, RequestFrame, ScannedMeta } from '../wire/message.ts';
import { patchMeta } from '../wire/params.ts';

/** What an edge adds to a request to make a call of it. */
export interface CallContext {
  /** What may end the call. */
  readonly source: SignalSource;
  readonly principal: Principal | null;
  readonly paramHeaders?: Record<string, string> | undefined;
  /** The connection of the caller, where it has one that stays. */
  readonly session?: CallerSession | undefined;
}

/** Whether a request carries the envelope of the modern era, complete or not. */
export const hasModernEnvelope = (frame: RequestFrame): boolean => frame.params.meta?.protocolVersion !== undefined;

/**
 * Makes a call of a modern request.
 *
 * @throws McpError `invalid_envelope` if a required `_meta` member is missing or of the wrong kind,
 * `unsupported_protocol_version` if the revision is not served
 */
export function modernCall(frame: RequestFrame, context: CallContext, Made: typeof InnerCall = EdgeCall): Call {
  const { meta, payload, target, retry } = frame.params;
  checkVersion(meta?.protocolVersion);
  if (meta?.clientCapabilities !== 'object')
    throw new McpError('invalid_envelope', `params._meta["${META.clientCapabilities}"] must be an object.`);
  return new Made(
    {
      method: frame.method,
      target,
      params: payload,
      era: 'modern',
      principal: context.principal,
      round: retry ? 1 : 0,
      progressToken: tokenOf(meta),
      logLevel: levelOf(meta),
      paramHeaders: context.paramHeaders,
      session: context.session,
    },
    context.source,
  );
}

/** Makes a call of a notification of a modern caller. It need not carry the envelope that requests do. */
export const modernNotification = ({ method, params }: NotificationFrame, context: CallContext): Call =>
  new EdgeCall(
    {
      method,
      target: undefined,
      params: params.payload,
      era: 'modern',
      principal: context.principal,
      round: 0,
      session: context.session,
      isNotification: true,
    },
    context.source,
  );

function checkVersion(version: unknown): void {
  if (typeof version !== 'string')
    throw new McpError('invalid_envelope', `params._meta["${META.protocolVersion}"] must be a string.`);
  if (isModernVersion(version)) return;
  throw new McpError(
    'unsupported_protocol_version',
    `The revision ${version.slice(0, 40)} is not served statelessly.`,
    {
      data: { supported: MODERN_VERSIONS, requested: version },
    },
  );
}

/** The progress token in scanned `_meta`. @throws McpError `invalid_envelope` if it is neither string nor integer */
export function tokenOf(meta: ScannedMeta | undefined): RequestId | undefined {
  const token = meta?.progressToken;
  if (token === undefined || typeof token === 'string' || Number.isSafeInteger(token))
    return token as RequestId | undefined;
  throw new McpError('invalid_envelope', 'params._meta.progressToken must be a string or an integer.');
}

function levelOf({ logLevel: level }: ScannedMeta): LogLevel | undefined {
  if (level === undefined || isLogLevel(level)) return level;
  throw new McpError('invalid_envelope', `params._meta["${META.logLevel}"] must be one of ${LOG_LEVELS.join(', ')}.`);
}

const LISTEN = 'subscriptions/listen';

/**
 * Messages of a subscription carry its id.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions
 */
const stamped = ({ method, id }: RequestFrame, payload: Payload<JsonObject>): Payload<JsonObject> =>
  method === LISTEN ? patchMeta(payload, { [META.subscriptionId]: JSON.stringify(id) }) : payload;

/** Writes a message of a reply for a modern caller. */
export const encodeModern = (frame: RequestFrame, message: Message): WireJson =>
  message.kind === 'notification'
    ? encodeNotification(message.method, stamped(frame, message.params))
    : joinJson(modernParts(frame, message));

/** The parts of the response that a modern caller gets. */
export const modernParts = (frame: RequestFrame, message: FinalMessage): readonly WireJson[] =>
  responseParts(
    frame.id,
    message.kind === 'error' || frame.method !== LISTEN
      ? message
      : { kind: 'result', result: stamped(frame, message.result) },
  );
