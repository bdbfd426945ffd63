import type { Place } from './rule.ts';

/** Rules that bind no gateway, and why. */
export interface NotBinding {
  readonly why: string;
  readonly at: readonly Place[];
}

/** What else the specification demands, place by place. */
export const NOT_BINDING: readonly NotBinding[] = [
  {
    why: 'Says how the words are meant, which pages count, or repeats another page.',
    at: [
      '2025-11-25 index, (top)',
      '2025-11-25 schema, (all)',
      '2025-11-25 basic/index, (top)',
      '2025-11-25 basic/utilities/tasks, Getting Tasks',
      '2025-11-25 basic/utilities/tasks, Retrieving Task Results',
      '2026-07-28 index, (top)',
      '2026-07-28 schema, (all)',
      '2026-07-28 changelog, (all)',
      '2026-07-28 basic/index, (top)',
    ],
  },
  {
    why: 'Binds who protects or presents tokens: the security of the gateway has a list of its own.',
    at: [
      '2025-11-25 basic/authorization, (all)',
      '2026-07-28 basic/authorization/index, (all)',
      '2026-07-28 basic/authorization/authorization-server-discovery, (all)',
      '2026-07-28 basic/authorization/client-registration, (all)',
      '2026-07-28 basic/authorization/security-considerations, (all)',
      '2025-11-25 client/elicitation, Statefulness',
      '2025-11-25 client/elicitation, Identifying the User',
      '2026-07-28 client/elicitation, Identifying the User',
      '2026-07-28 server/utilities/caching, Security Considerations',
    ],
  },
  {
    why: 'Binds who shows icons, forms and pages to a user; a gateway gives them on as they are.',
    at: [
      '2025-11-25 basic/index, icons',
      '2025-11-25 client/elicitation, User Interaction Model',
      '2025-11-25 client/elicitation, Safe URL Handling',
      '2026-07-28 basic/index, icons',
      '2026-07-28 client/elicitation, User Interaction Model',
      '2026-07-28 client/elicitation, Safe URL Handling',
    ],
  },
  {
    why: 'Binds the server that asks, and decides what it may ask; a gateway gives questions on as they are.',
    at: [
      '2025-11-25 client/elicitation, Form Mode Elicitation Requests',
      '2025-11-25 client/elicitation, URL Mode Elicitation for OAuth Flows',
      '2025-11-25 client/elicitation, Understanding the Distinction',
      '2025-11-25 client/elicitation, Form Mode Security',
      '2025-11-25 client/elicitation, Phishing',
      '2026-07-28 client/elicitation, Form Mode Elicitation Requests',
      '2026-07-28 client/elicitation, URL Mode Elicitation Requests',
      '2026-07-28 client/elicitation, URL Mode Elicitation for OAuth Flows',
      '2026-07-28 client/elicitation, Understanding the Distinction',
      '2026-07-28 client/elicitation, Form Mode Security',
      '2026-07-28 client/elicitation, Phishing',
    ],
  },
  {
    why: 'Binds who runs the model, and who writes the messages to it.',
    at: [
      '2025-11-25 client/sampling, Tool Result Messages',
      '2025-11-25 client/sampling, Tool Use and Result Balance',
      '2025-11-25 client/sampling, Tool Choice Modes',
      '2025-11-25 client/sampling, Security Considerations',
      '2026-07-28 client/sampling, Tool Result Messages',
      '2026-07-28 client/sampling, Tool Use and Result Balance',
      '2026-07-28 client/sampling, Tool Choice Modes',
      '2026-07-28 client/sampling, Messages',
      '2026-07-28 client/sampling, Sampling Parameters',
      '2026-07-28 client/sampling, Security Considerations',
    ],
  },
  {
    why: 'Binds who owns the files that roots name.',
    at: [
      '2025-11-25 client/roots, Root',
      '2025-11-25 client/roots, Security Considerations',
      '2026-07-28 client/roots, Root',
      '2026-07-28 client/roots, Security Considerations',
    ],
  },
  {
    why: 'Binds who makes content, schemas, URIs and log messages, or acts on arguments: upstreams, from which all passes byte for byte.',
    at: [
      '2025-11-25 server/prompts, Image Content',
      '2025-11-25 server/prompts, Audio Content',
      '2025-11-25 server/prompts, Embedded Resources',
      '2025-11-25 server/prompts, Security',
      '2025-11-25 server/resources, Custom URI Schemes',
      '2025-11-25 server/resources, Security Considerations',
      '2025-11-25 server/tools, Tool',
      '2025-11-25 server/tools, Output Schema',
      '2025-11-25 server/tools, Security Considerations',
      '2025-11-25 server/utilities/completion, Security',
      '2025-11-25 server/utilities/logging, Security',
      '2026-07-28 server/prompts, Image Content',
      '2026-07-28 server/prompts, Audio Content',
      '2026-07-28 server/prompts, Embedded Resources',
      '2026-07-28 server/prompts, Security',
      '2026-07-28 server/resources, Custom URI Schemes',
      '2026-07-28 server/resources, Security Considerations',
      '2026-07-28 server/tools, Output Schema',
      '2026-07-28 server/tools, Security Considerations',
      '2026-07-28 server/utilities/completion, Security',
      '2026-07-28 server/utilities/logging, Security',
    ],
  },
  {
    why: 'Binds who runs tasks: upstreams. The gateway keeps none, changes only their ids, and offers no list of them.',
    at: [
      '2025-11-25 basic/utilities/tasks, Task Status Lifecycle',
      '2025-11-25 basic/utilities/tasks, Input Required Status',
      '2025-11-25 basic/utilities/tasks, TTL and Resource Management',
      '2025-11-25 basic/utilities/tasks, Result Retrieval',
      '2025-11-25 basic/utilities/tasks, Task Listing',
      '2025-11-25 basic/utilities/tasks, Task Execution Errors',
    ],
  },
  {
    why: 'Binds who asks for tasks and waits for them: callers.',
    at: [
      '2025-11-25 basic/utilities/tasks, Task Status Notification',
      '2025-11-25 basic/utilities/tasks, Task Notifications',
    ],
  },
  {
    why: 'Binds who polls; a gateway reads a list when somebody wants it.',
    at: ['2026-07-28 server/utilities/caching, Freshness Calculation'],
  },
  {
    why: 'Demands notifications/cancelled where patterns/subscriptions wants the response of a stream: the gateway ends streams with that, as official servers do.',
    at: ['2026-07-28 basic/patterns/cancellation, (top)'],
  },
];
