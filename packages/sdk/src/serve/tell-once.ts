import type { NotificationMessage } from '../core/reply.ts';
import type { PushQueue } from '../wire/queue.ts';

/** Notifications that say only that something is not as it was. */
const CHANGES: ReadonlySet<string> = new Set([
  ...['tools', 'prompts', 'resources'].map((list) => `notifications/${list}/list_changed`),
  'notifications/resources/updated',
]);

/** Tells of a change, unless it waits to be told already: else a slow reader would fill the memory. */
export function tellOnce<M extends { readonly kind: string }>(
  told: PushQueue<M | NotificationMessage>,
  change: NotificationMessage,
): void {
  const isSame = (waiting: M | NotificationMessage): boolean =>
    isNotification(waiting) && waiting.method === change.method && waiting.params.value.uri === change.params.value.uri;
  if (!CHANGES.has(change.method) || told.size === 0 || told.findLast(isSame) === undefined) told.push(change);
}

const isNotification = (message: { readonly kind: string }): message is NotificationMessage =>
  message.kind === 'notification';
