/**
 * How the replicas of a server tell each other of what cannot wait.
 *
 * @remarks At most once: whoever does not listen just then misses it, so what must not be lost is in a `Store` as well.
 */
export interface Bus {
  /** Tells everybody who has subscribed, this process included. Rejects when it cannot be told. */
  publish(channel: string, message: string): Promise<void>;
  /** Listens until the function that it returns is called. Takes care of reconnecting. */
  subscribe(channel: string, onMessage: (message: string) => void): () => void;
}

/** A bus between the servers of this process, for tests. */
export function createMemoryBus(): Bus {
  const channels = new Map<string, Set<(message: string) => void>>();
  return {
    publish(channel, message) {
      for (const onMessage of channels.get(channel) ?? []) onMessage(message);
      return Promise.resolve();
    },
    subscribe(channel, onMessage) {
      const listeners = channels.get(channel) ?? new Set();
      channels.set(channel, listeners.add(onMessage));
      return () => {
        listeners.delete(onMessage);
        if (listeners.size === 0) channels.delete(channel);
      };
    },
  };
}
