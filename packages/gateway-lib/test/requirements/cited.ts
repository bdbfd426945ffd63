/** A rule that no fake over HTTP can break before our eyes; a test beside the code shows that it is kept. */
export interface CitedRule {
  readonly revision: '2025-11-25' | '2026-07-28' | 'both';
  readonly section: string;
  readonly rule: string;
  /** File, from `packages/`, and title in it. */
  readonly shownBy: readonly [file: string, title: string];
}

const cite = (
  revision: CitedRule['revision'],
  section: string,
  ...rules: readonly [rule: string, file: string, title: string][]
): CitedRule[] => rules.map(([rule, file, title]) => ({ revision, section, rule, shownBy: [file, title] }));

const CHANNEL = 'sdk/src/serve/channel.test.ts';
const CHANNEL_LINK = 'sdk/src/connect/channel-link.test.ts';
const CONNECT = 'sdk/src/connect/connect.test.ts';
const RESUMING = 'sdk/test/resuming.test.ts';
const LEGACY_TASKS = 'gateway-lib/test/legacy-tasks.test.ts';

/** Rules of standard streams, sessions that last, dialects and tasks. */
export const CITED_RULES: readonly CitedRule[] = [
  ...cite(
    'both',
    'basic/transports, stdio',
    ['a message has no newline in it, and nothing else is written', CHANNEL, 'carry one message a line'],
    [
      'messages are UTF-8, wherever the bytes are cut',
      'sdk/src/wire/lines.test.ts',
      'come back whole, however the bytes are cut',
    ],
    [
      'of a call that was cancelled nothing more is sent',
      CHANNEL,
      'sends nothing more for a %s call that was cancelled',
    ],
  ),
  ...cite(
    '2026-07-28',
    'basic/transports/stdio',
    ['a call is cancelled by a notification', 'gateway-lib/test/web-socket-callers.test.ts', 'cancels by a message'],
    ['what is told is known by the subscription that it names', CHANNEL_LINK, 'belongs to the subscription it names'],
    ['no response is written to a server', CHANNEL_LINK, 'is not answered: nothing may be'],
    ['whatever error means legacy, and silence too', CONNECT, 'takes error %d for %s'],
    ['whatever error means legacy, and silence too', CONNECT, 'takes silence for legacy'],
    [
      'subscriptions are opened anew on a new connection',
      'gateway-lib/src/router/subscriptions.test.ts',
      'leaves the connection before for the new one',
    ],
  ),
  ...cite(
    '2026-07-28',
    'basic/patterns/cancellation',
    ['a stream that the server cancels has ended', CHANNEL_LINK, 'ends a subscription of its own when it cancels it'],
    [
      'a cancelled request that has ended already disturbs nobody',
      CHANNEL,
      'ignores notifications and responses that concern nothing',
    ],
  ),
  ...cite(
    '2026-07-28',
    'basic/index, JSON Schema Usage',
    [
      '2020-12 is understood, and what has another dialect is judged by it',
      'sdk/src/validation/json-schema.test.ts',
      'reads older dialects',
    ],
    [
      'a dialect that is not known is refused, and nothing is fetched',
      'sdk/src/validation/json-schema.test.ts',
      'https://example.com/other',
    ],
  ),
  ...cite(
    '2026-07-28',
    'basic/patterns/mrtr, Server Requirements',
    [
      'a state is good for its principal, function and arguments only',
      'gateway-lib/src/router/request-states.test.ts',
      'is not good for %s',
    ],
    ['a state is not good for ever', 'gateway-lib/src/router/request-states.test.ts', 'expires after a day'],
  ),
  ...cite(
    '2026-07-28',
    'basic/transports/streamable-http, Server Validation',
    [
      'what is no Base64 under the sentinel is refused',
      'gateway-lib/test/headers.test.ts',
      'headers that mirror the body',
    ],
    [
      'names of headers are read in any case',
      'gateway-lib/test/requirements/requirements.test.ts',
      'names of headers may be written in any case',
    ],
  ),
  ...cite(
    '2025-11-25',
    'basic/transports, Resumability and Redelivery',
    ['an event id is of one stream of one session', RESUMING, 'is another session’s business only'],
    [
      'what is replayed is of that stream, once',
      RESUMING,
      'is got to its end by whoever comes back, with nothing twice and nothing missing',
    ],
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
  ),
  ...cite(
    '2025-11-25',
    'basic/transports, Session Management',
    [
      'a session that the upstream forgot is opened once for all calls',
      CONNECT,
      'opens it once for all calls that found it expired, whenever their answers come',
    ],
    [
      'a response that nobody waits for is not taken',
      'sdk/test/http-edge.test.ts',
      'takes notifications, and refuses a response that nobody waits for',
    ],
  ),
  ...cite(
    '2025-11-25',
    'client/elicitation, sampling, roots: Capabilities',
    [
      'a caller is not asked what it did not declare',
      'sdk/test/legacy-asking.test.ts',
      'is not asked what it did not offer to answer',
    ],
    ['modes and tools in sampling count', 'sdk/src/server/questions.test.ts', 'that declares'],
    [
      'a question of a call that cannot be told is put to nobody',
      'sdk/src/connect/parked-calls.test.ts',
      'while one call is held, a question of another is put to nobody',
    ],
  ),
  ...cite(
    '2025-11-25',
    'basic/utilities/tasks',
    [
      'a task is known by the id that its receiver made, to its caller only',
      LEGACY_TASKS,
      'are those of legacy upstreams for legacy callers, under sealed ids',
    ],
    ['a task is cancelled by tasks/cancel', LEGACY_TASKS, 'are cancelled'],
    [
      'tasks are declared, made and told of where both sides have them only',
      LEGACY_TASKS,
      'are told of to nobody else, nor made for anybody else',
    ],
  ),
];

/** Pages with rules that bind no gateway, and why. */
export const NOT_BINDING: Readonly<Record<string, string>> = {
  'basic/authorization':
    'Binds who protects or presents tokens: rules of the security of the gateway have a list of their own.',
  'basic/index: icons': 'Binds who renders icons; a gateway gives their metadata on as it is.',
  'basic/index: key names of _meta': 'Binds who makes keys; the one of this gateway is `org.mcp-gateway/missing`.',
  'client/elicitation: forms, pages, phishing':
    'Binds who shows forms and pages, and who asks in them; a gateway gives both on.',
  'client/sampling: messages, tools, maxTokens': 'Binds who runs the model, and who writes the messages.',
  'client/roots: permissions': 'Binds who owns the files.',
  'server/prompts, resources, tools: content': 'Binds who makes the content; a gateway gives it on byte for byte.',
  'server/tools: outputSchema': 'Binds the server that promised it; clients may check it.',
  'server/utilities/logging: what a message must not hold': 'Binds who writes log messages; a gateway writes none.',
  'server/utilities/caching: polling': 'A gateway does not poll.',
};
