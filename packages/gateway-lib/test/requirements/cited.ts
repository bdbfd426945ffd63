import type { Place } from './rule.ts';

/** A rule that no fake over HTTP can break before our eyes; a test beside the code fails when it is broken. */
export interface CitedRule {
  readonly at: readonly Place[];
  readonly rule: string;
  /** File, from `packages/`, and title in it. */
  readonly shownBy: readonly [file: string, title: string];
}

const cite = (at: readonly Place[], ...rules: readonly [rule: string, file: string, title: string][]): CitedRule[] =>
  rules.map(([rule, file, title]) => ({ at, rule, shownBy: [file, title] }));

const CHANNEL = 'sdk/src/serve/channel.test.ts';
const CHANNEL_LINK = 'sdk/src/connect/channel-link.test.ts';
const CONNECT = 'sdk/src/connect/connect.test.ts';
const RESUMING = 'sdk/test/resuming.test.ts';
const SCHEMAS = 'sdk/src/validation/json-schema.test.ts';
const STATES = 'gateway-lib/src/router/request-states.test.ts';
const TASKS = 'gateway-lib/test/tasks.test.ts';
const LEGACY_TASKS = 'gateway-lib/test/legacy-tasks.test.ts';
const ASKING = 'gateway-lib/test/mapping-table-asking.test.ts';

/** Rules of standard streams, sessions that last, dialects, tasks and questions. */
export const CITED_RULES: readonly CitedRule[] = [
  ...cite(
    ['2025-11-25 basic/transports, (top)', '2026-07-28 basic/transports/index, Messages'],
    ['what is no UTF-8 is no message', 'sdk/src/wire/message.test.ts', 'refuses bytes that are not UTF-8, with the id'],
    [
      'characters are whole, wherever bytes are cut',
      'sdk/src/wire/lines.test.ts',
      'come back whole, however the bytes are cut',
    ],
  ),
  ...cite(
    ['2025-11-25 basic/transports, stdio', '2026-07-28 basic/transports/stdio, (top)'],
    ['a message has no newline in it, and nothing else is written', CHANNEL, 'carry one message a line'],
  ),
  ...cite(
    ['2025-11-25 basic/transports, Custom Transports', '2026-07-28 basic/transports/index, Custom Transports'],
    [
      'WebSockets carry the messages, the handshake and the metadata of each era',
      'gateway-lib/test/web-socket-upstream.test.ts',
      'is spoken to in its era, with many calls at once on a socket',
    ],
  ),
  ...cite(
    ['2026-07-28 basic/transports/stdio, Sending Messages'],
    ['no response is written to a server', CHANNEL_LINK, 'is not answered: nothing may be'],
  ),
  ...cite(
    ['2026-07-28 basic/transports/stdio, Receiving Messages'],
    ['what is told is known by the subscription that it names', CHANNEL_LINK, 'belongs to the subscription it names'],
  ),
  ...cite(
    ['2026-07-28 basic/transports/stdio, Cancellation'],
    ['a call is cancelled by a notification', 'gateway-lib/test/web-socket-callers.test.ts', 'cancels by a message'],
    [
      'of a call that was cancelled nothing more is sent',
      CHANNEL,
      'sends nothing more for a %s call that was cancelled',
    ],
  ),
  ...cite(
    ['2026-07-28 basic/transports/stdio, Backward Compatibility'],
    ['whatever error means legacy', CONNECT, 'takes error %d for %s'],
    ['silence means legacy too', CONNECT, 'takes silence for legacy'],
  ),
  ...cite(
    ['2026-07-28 basic/patterns/subscriptions, Graceful Closure'],
    [
      'subscriptions are opened anew on a new connection',
      'gateway-lib/src/router/subscriptions.test.ts',
      'leaves the connection before for the new one',
    ],
  ),
  ...cite(
    ['2025-11-25 basic/utilities/cancellation, Behavior Requirements'],
    ['initialize is never cancelled', CHANNEL_LINK, 'are not cancelled over the channel when they are initialize'],
    ['a task is cancelled by tasks/cancel', LEGACY_TASKS, 'are cancelled'],
  ),
  ...cite(
    ['2026-07-28 basic/patterns/cancellation, Behavior Requirements'],
    [
      'what a server cancels is a stream, which has ended then',
      CHANNEL_LINK,
      'ends a subscription of its own when it cancels it',
    ],
  ),
  ...cite(
    ['2026-07-28 basic/patterns/cancellation, Timing Considerations'],
    ['what comes too late disturbs nobody', CHANNEL, 'ignores notifications and responses that concern nothing'],
  ),
  ...cite(
    ['2025-11-25 basic/utilities/progress, Progress Flow', '2026-07-28 basic/patterns/progress, Progress Flow'],
    [
      'progress that increases does so to the end: all of it comes, in order',
      'gateway-lib/test/passage.test.ts',
      'all of 1,000 updates of progress come in order, under the token of the caller, before the result',
    ],
    ['progress increases over all rounds of a call', ASKING, 'has progress that increases over all rounds, in order'],
  ),
  ...cite(
    [
      '2025-11-25 basic/index, Schema Dialect',
      '2025-11-25 basic/index, Implementation Requirements',
      '2025-11-25 basic/index, Schema Validation',
      '2026-07-28 basic/index, Schema Dialect',
      '2026-07-28 basic/index, Implementation Requirements',
      '2026-07-28 basic/index, Schema Validation',
    ],
    ['2020-12 is understood, and what has another dialect is judged by it', SCHEMAS, 'reads older dialects'],
    ['what is no schema, and a dialect that is not known, are refused', SCHEMAS, 'refuses %j when it is made'],
  ),
  ...cite(
    ['2026-07-28 basic/index, $ref Resolution'],
    ['nothing is fetched for a schema: it leads nowhere', SCHEMAS, 'fetches nothing that a schema refers to'],
  ),
  ...cite(
    ['2025-11-25 basic/index, _meta'],
    ['keys of _meta pass as they are', 'gateway-lib/test/passage.test.ts', 'what %s carries is not touched'],
  ),
  ...cite(
    [
      '2026-07-28 basic/patterns/mrtr, Server Requirements (Basic Workflow)',
      '2026-07-28 client/elicitation, Statefulness',
    ],
    ['a state is good for its principal, function and arguments only', STATES, 'is not good for %s'],
    ['a state is not good for ever', STATES, 'expires after a day'],
  ),
  ...cite(
    [
      '2025-11-25 client/elicitation, Security Considerations',
      '2026-07-28 client/elicitation, Security Considerations',
    ],
    ['who answers is who was asked', STATES, 'is not good for %s'],
    [
      'a question of a call that cannot be told is put to nobody',
      'sdk/src/connect/parked-calls.test.ts',
      'while one call is held, a question of another is put to nobody',
    ],
  ),
  ...cite(
    [
      '2026-07-28 basic/transports/streamable-http, Server Validation',
      '2026-07-28 basic/transports/streamable-http, Value Encoding',
    ],
    ['what is no Base64 is refused', 'gateway-lib/test/headers.test.ts', 'with %s are refused, and nothing is sent'],
    [
      'no value breaks out of its header',
      'sdk/src/wire/headers.test.ts',
      'come back whole and are always safe in a header',
    ],
  ),
  ...cite(
    ['2026-07-28 basic/transports/streamable-http, Case Sensitivity'],
    ['names of headers are read in any case', 'gateway-lib/test/headers.test.ts', 'may be written in any case'],
  ),
  ...cite(
    ['2026-07-28 basic/transports/streamable-http, Schema Extension'],
    ['each kind of annotation that is not allowed is found out', 'sdk/src/wire/param-headers.test.ts', '%s is refused'],
  ),
  ...cite(
    ['2025-11-25 basic/transports, Sending Messages to the Server'],
    [
      'retry of an upstream is respected',
      'sdk/src/connect/resumable.test.ts',
      'a stream whose server says retry: %s is taken up after %d ms',
    ],
    [
      'retry of an upstream is respected on the GET stream',
      'sdk/src/connect/get-stream.test.ts',
      'a stream whose server says retry: %s is opened again after %d ms',
    ],
    [
      'a response that nobody waits for is not taken',
      'sdk/test/http-edge.test.ts',
      'takes notifications, and refuses a response that nobody waits for',
    ],
  ),
  ...cite(
    ['2025-11-25 basic/transports, Resumability and Redelivery'],
    ['an event id is of one stream of one session', RESUMING, 'is another session’s business only'],
    [
      'what is replayed is of that stream, once',
      RESUMING,
      'is got to its end by whoever comes back, with nothing twice and nothing missing',
    ],
  ),
  ...cite(
    ['2025-11-25 basic/transports, Session Management'],
    [
      'a session that the upstream forgot is opened once for all calls',
      CONNECT,
      'opens it once for all calls that found it expired, whenever their answers come',
    ],
  ),
  ...cite(
    ['2025-11-25 client/elicitation, Capabilities', '2026-07-28 client/elicitation, Capabilities'],
    [
      'a caller is not asked what it did not declare',
      'sdk/test/legacy-asking.test.ts',
      'is not asked what it did not offer to answer',
    ],
  ),
  ...cite(
    [
      '2025-11-25 client/elicitation, Elicitation Requests',
      '2025-11-25 client/sampling, Tools in Sampling',
      '2026-07-28 client/elicitation, Elicitation Requests',
      '2026-07-28 client/sampling, Tools in Sampling',
    ],
    [
      'modes count, no mode is the one of forms, and tools count',
      'sdk/src/server/questions.test.ts',
      'that declares %j',
    ],
  ),
  ...cite(
    ['2025-11-25 client/elicitation, URL Mode Elicitation Requests'],
    [
      'a page has an id, though a modern upstream gave none',
      ASKING,
      'of a modern upstream has an id for a legacy caller',
    ],
  ),
  ...cite(
    ['2025-11-25 client/elicitation, Completion Notifications for URL Mode Elicitation'],
    [
      'the end of a page is told to whoever was asked to open it',
      ASKING,
      'ends untold for modern callers, and told for legacy ones',
    ],
  ),
  ...cite(
    ['2025-11-25 client/elicitation, URL Elicitation Required Error'],
    [
      'a page that is required is an error as the upstream wrote it for legacy callers, and a question for others',
      'sdk/src/connect/legacy-session.test.ts',
      'a caller that shows no pages learns what it lacks; a legacy one gets the error as it is',
    ],
  ),
  ...cite(
    ['2025-11-25 client/elicitation, Error Handling', '2026-07-28 client/elicitation, Error Handling'],
    [
      'a page that is refused is a failure, and the call goes on to its end',
      ASKING,
      'of a legacy upstream is an error of the modern era for who opens none, and a failed tool once the page is refused',
    ],
  ),
  ...cite(
    [
      '2025-11-25 basic/utilities/tasks, Task ID Requirements',
      '2025-11-25 basic/utilities/tasks, Associating Task-Related Messages',
      '2025-11-25 basic/utilities/tasks, Related Task Metadata',
    ],
    [
      'a task has an id of the gateway in all that is said of it',
      LEGACY_TASKS,
      'are those of legacy upstreams for legacy callers, under sealed ids',
    ],
  ),
  ...cite(
    ['2025-11-25 basic/utilities/tasks, Task Cancellation', '2025-11-25 basic/utilities/tasks, Protocol Errors'],
    ['a task is cancelled by its id, and one that nobody has is -32602', LEGACY_TASKS, 'are cancelled'],
  ),
  ...cite(
    ['2025-11-25 basic/utilities/tasks, Capabilities', '2025-11-25 basic/utilities/tasks, Task Support and Handling'],
    [
      'tasks are declared, made and told of where both sides have them only',
      LEGACY_TASKS,
      'are told of to nobody else, nor made for anybody else',
    ],
  ),
  ...cite(
    ['2025-11-25 basic/utilities/tasks, Task Isolation and Access Control'],
    ['a task is its caller’s', TASKS, 'is unknown to %s'],
  ),
  ...cite(
    ['2026-07-28 server/utilities/caching, Interaction with Pagination'],
    [
      'a list is private if any part of it is, on each of its pages',
      'gateway-lib/test/views.test.ts',
      'is private on each page if any upstream says so',
    ],
  ),
];
