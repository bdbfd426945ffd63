/** URI that both upstreams have: a collision. */
export const SHARED = 'matrix://shared';

/** URI that only the upstream of that name has. */
export const ownUri = (name: string): string => `matrix://${name}/own`;

/** The extension that only the upstream of that name has. */
export const extensionOf = (name: string): string => `com.matrix/${name}`;

/** Names that a completion knows. */
export const completions = (name: string, value: string): string[] =>
  [`${name}-ada`, `${name}-alan`, `${name}-grace`].filter((one) => one.startsWith(value));

/** An instance that tells its client of changes. */
export type Announce = (hasExtra: boolean) => void;

/** What all instances of one upstream share: SDKs make one for each request, session or connection. */
export class World {
  /** Both upstreams of a gateway offer the same: what they say tells them apart. */
  readonly name: string;
  /** Whether the tool `extra` is there. */
  hasExtra = false;
  readonly #instances = new Set<Announce>();
  readonly #told = new Set<string>();
  readonly #waiting = new Map<string, () => void>();

  constructor(name: string) {
    this.name = name;
  }

  /** Has an instance told of changes; returns what ends that. */
  join(announce: Announce): () => void {
    this.#instances.add(announce);
    return () => this.#instances.delete(announce);
  }

  /** Adds or removes the tool `extra`, and changes the resources. */
  change(): string {
    this.hasExtra = !this.hasExtra;
    for (const announce of this.#instances) announce(this.hasExtra);
    return this.hasExtra ? 'added' : 'removed';
  }

  /** A call that hangs until it is given up. @param id - tells it from others */
  hang(id: string, signal: AbortSignal): Promise<string> {
    this.#tell(`${id} arrived`);
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        this.#tell(`${id} cancelled`);
        resolve('cancelled');
      });
    });
  }

  /** Takes a notification of its extension. */
  notified(method: string, params: Readonly<Record<string, unknown>> = {}): void {
    if (method === `${extensionOf(this.name)}/poke`) this.#tell(`${String(params.id)} poked`);
  }

  /** Resolves once a hanging call has arrived, or was given up, or a notification has come. */
  async saw(id: string, what: string): Promise<string> {
    const event = `${id} ${what}`;
    if (!this.#told.has(event)) await new Promise<void>((resolve) => this.#waiting.set(event, resolve));
    return 'yes';
  }

  #tell(event: string): void {
    this.#told.add(event);
    this.#waiting.get(event)?.();
  }
}
