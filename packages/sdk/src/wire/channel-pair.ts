import { Payload } from '../core/payload.ts';
import type { Channel, ChannelEvents } from './channel.ts';

/** Makes the two ends of a channel in this process. Messages arrive in a later turn, as they do over any wire. */
export function createChannelPair(): [Channel, Channel] {
  const events: (ChannelEvents | undefined)[] = [undefined, undefined];
  let isOpen = true;
  const close = (): undefined => {
    if (!isOpen) return;
    isOpen = false;
    for (const end of events) end?.close();
  };
  const end = (own: 0 | 1): Channel => ({
    open(to) {
      events[own] = to;
    },
    send(json) {
      const { bytes } = Payload.json(json);
      queueMicrotask(() => {
        if (isOpen) events[1 - own]?.message(bytes);
      });
    },
    close,
  });
  return [end(0), end(1)];
}
