import { isJsonObject, isOfProtocol, withoutPrefix, type JsonObject, type Telemetry } from '@org/mcp-sdk';
import type { Connection } from '@org/mcp-sdk/connect';
import type { Selector } from '../catalog/selection.ts';
import { TASKS_EXTENSION } from './tasks.ts';

/** What some upstreams declare that they can. */
export interface Declared {
  /** Capabilities by upstream, as far as they could be asked. */
  all(): Promise<readonly (readonly [string, JsonObject])[]>;
  /** Which extensions count. */
  readonly offered: Selector;
}

/** What declarations are gathered with. */
export interface DeclarationsOptions {
  /** All there are, in the order of the options. */
  readonly upstreams: readonly string[];
  /** Reaches upstreams; those that it reaches are learnt. */
  readonly reach: (upstreams: readonly string[]) => Promise<unknown>;
  readonly telemetry: Telemetry;
}

/** What upstreams declare that they can, as far as they could be asked. */
export class Declarations {
  readonly #connections = new Map<string, Connection>();
  readonly #options: DeclarationsOptions;
  /** Extensions that several upstreams were found to declare. */
  readonly #shared = new Set<string>();

  constructor(options: DeclarationsOptions) {
    this.#options = options;
  }

  /** Takes the connection by which an upstream was reached last: what it declares may change. */
  learn(upstream: string, connection: Connection): void {
    this.#connections.set(upstream, connection);
    for (const extension of identifiersOf(connection.server.capabilities)) this.#tellShared(extension);
  }

  /** Says whose a method is that several know: the first one's. Ids of tasks say whose they are. */
  #tellShared(extension: string): void {
    if (extension === TASKS_EXTENSION || this.#shared.has(extension)) return;
    const { upstreams, telemetry } = this.#options;
    const all = upstreams.filter((name) => {
      const connection = this.#connections.get(name);
      return connection && identifiersOf(connection.server.capabilities).includes(extension);
    });
    if (all.length < 2) return;
    this.#shared.add(extension);
    telemetry.record({ name: 'extension.shared', severity: 'info', fields: { extension, upstreams: all } });
  }

  /** What these upstreams declare; those that nobody reached yet are asked when that is wanted. */
  of(upstreams: readonly string[], offered: Selector): Declared {
    return {
      offered,
      all: async () => {
        const unknown = upstreams.filter((name) => !this.#connections.has(name));
        if (unknown.length > 0) await this.#options.reach(unknown);
        return upstreams.flatMap((name) => {
          const connection = this.#connections.get(name);
          return connection ? [[name, connection.server.capabilities] as const] : [];
        });
      },
    };
  }
}

/**
 * The upstreams that declare the extension of a method, by the closest match that there is, in the order of the options.
 * Notifications may be called `notifications/…`, like those of the protocol.
 */
export async function declarersOf(method: string, declared: Declared): Promise<readonly string[]> {
  if (isOfProtocol(method)) return [];
  const own = withoutPrefix(method);
  const matches = (await declared.all()).map(
    ([name, capabilities]) => [name, closest(own, capabilities, declared.offered)] as const,
  );
  const best = Math.max(0, ...matches.map(([, match]) => match));
  return best === 0 ? [] : matches.filter(([, match]) => match === best).map(([name]) => name);
}

/** What is not offered stays closed, though a looser match with what is offered could be found. */
function closest(method: string, capabilities: JsonObject, offered: Selector): number {
  const matches = identifiersOf(capabilities).map((identifier) => [identifier, matchOf(method, identifier)] as const);
  const best = Math.max(0, ...matches.map(([, match]) => match));
  return matches.every(([identifier, match]) => match < best || offered.selects(identifier)) ? best : 0;
}

/** The extensions and experimental capabilities that are declared. */
const identifiersOf = ({ extensions, experimental }: JsonObject): readonly string[] =>
  [extensions, experimental].flatMap((each) => (isJsonObject(each) ? Object.keys(each) : []));

/**
 * How closely a method belongs to an extension `vendor/name`: 3 if it is called `vendor/name/…`, 2 if `name/…`, 1 if
 * `vendor/…`, else 0.
 */
function matchOf(method: string, identifier: string): number {
  const slash = identifier.lastIndexOf('/');
  const [vendor, name] = [identifier.slice(0, Math.max(slash, 0)), identifier.slice(slash + 1)];
  if (isIn(method, identifier)) return 3;
  if (isIn(method, name)) return 2;
  return isIn(method, vendor) ? 1 : 0;
}

const isIn = (method: string, prefix: string): boolean =>
  prefix !== '' && (method === prefix || method.startsWith(`${prefix}/`));

/** Capabilities without the extensions that are not offered. */
export const offeredOf = (capabilities: JsonObject, offered: Selector): JsonObject => ({
  ...capabilities,
  ...Object.fromEntries(MEMBERS.map((member) => [member, selected(objectIn(capabilities, member), offered)])),
});

const MEMBERS = ['extensions', 'experimental'] as const;

const selected = (declared: JsonObject, offered: Selector): JsonObject =>
  Object.fromEntries(Object.entries(declared).filter(([identifier]) => offered.selects(identifier)));

/**
 * Merges what upstreams declare under `extensions` or `experimental`: settings that several have are united, and where
 * they contradict each other the first upstream is right.
 */
export function mergeDeclared(all: readonly JsonObject[], member: 'extensions' | 'experimental'): JsonObject {
  const merged = new Map<string, unknown>();
  for (const capabilities of all)
    for (const [identifier, settings] of Object.entries(objectIn(capabilities, member)))
      merged.set(identifier, united(merged.get(identifier), settings));
  return merged.size === 0 ? {} : { [member]: Object.fromEntries(merged) };
}

const objectIn = (capabilities: JsonObject, member: string): JsonObject => {
  const value = capabilities[member];
  return isJsonObject(value) ? value : {};
};

function united(first: unknown, other: unknown): unknown {
  if (first === undefined) return other;
  if (Array.isArray(first) && Array.isArray(other)) {
    const items = [...(first as unknown[]), ...(other as unknown[])];
    return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
  }
  if (!isJsonObject(first) || !isJsonObject(other)) return first;
  const keys = new Set([...Object.keys(first), ...Object.keys(other)]);
  return Object.fromEntries([...keys].map((key) => [key, united(first[key], other[key])]));
}
