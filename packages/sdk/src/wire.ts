export { changedCall, createInnerCall, InnerCall, type CallChanges, type CallFields } from './core/call.ts';
export { LinkedList, type ListItem } from './core/linked-list.ts';
export type { Seal } from './core/seal.ts';
export { fromBase64Url, toBase64Url } from './wire/base64.ts';
export type { Channel, ChannelEvents } from './wire/channel.ts';
export { encodeNotification, encodeRequest, encodeResponse, type WireJson } from './wire/encode.ts';
export { mapResult, wants } from './wire/exchange.ts';
export { DEFAULT_JSON_LIMITS, JsonReader, type JsonLimits, type ReadTerms } from './wire/json-reader.ts';
export { digestOf } from './wire/digest.ts';
export { createSeal } from './wire/seal.ts';
export {
  FrameError,
  isBatch,
  readBatch,
  readFrame,
  type Frame,
  type NotificationFrame,
  type RequestFrame,
  type ResponseFrame,
  type ScannedMeta,
  type ScannedParams,
} from './wire/message.ts';
export { parseUriTemplate, type UriTemplate } from './server/uri-template.ts';
export { checkParamHeaders, headerParams, mirroredHeaders, type HeaderParam } from './wire/param-headers.ts';
export { hasTask, patchMeta, renameTarget, replaceMember, type MetaPatch } from './wire/params.ts';
export { isQuestion, questionOf, requireCapability, type Question } from './wire/question.ts';
export { PushQueue } from './wire/queue.ts';
export type { SeenKeys } from './wire/seen-keys.ts';
export { elementsOf, knownType, mayAsk, membersOf, mentions, modernizeResult, peekResult } from './wire/result.ts';
