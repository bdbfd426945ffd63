import type { Principal } from '../core/call.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Seal } from '../core/seal.ts';
import { createSeal } from '../wire/seal.ts';
import type { Edge } from './edge.ts';
import { ownerOf, type SessionOwner } from './session-owner.ts';
import type { LegacyClient } from './legacy-client.ts';

/** How long a session may live. Unit: ms. A day: no desktop host keeps one longer without a restart. */
export const LIFETIME_MS = 24 * 60 * 60 * 1000;

const MAX_NAME = 64;

/** What the token of a legacy session says: enough to go on elsewhere. */
export interface SessionClaims {
  readonly id: string;
  readonly client: LegacyClient;
  readonly owner: SessionOwner | null;
  /** Unit: ms since 1970. */
  readonly expires: number;
}

/** Makes and reads the tokens of one endpoint. */
export class SessionTokens {
  readonly #seal: Seal;
  readonly #purpose: string;

  constructor({ secret, random, audience }: Pick<Edge, 'secret' | 'random' | 'audience'>) {
    this.#seal = createSeal(secret, random);
    this.#purpose = `legacy session of ${audience}`;
  }

  /** Makes a token; it fits in a header however long the client calls itself. */
  seal({ id, client, owner, expires }: SessionClaims): Promise<string> {
    return this.#seal.seal(this.#purpose, {
      id,
      version: client.version,
      name: cut(client.clientInfo.name),
      clientVersion: cut(client.clientInfo.version),
      asks: askable(client.capabilities),
      subject: owner?.subject ?? null,
      issuer: owner?.issuer ?? null,
      expires,
    });
  }

  /** Reads a token; undefined if it is none of this endpoint, or another principal's. */
  async open(token: string, principal: Principal | null): Promise<SessionClaims | undefined> {
    const content = await this.#seal.open(this.#purpose, token);
    if (content?.subject !== (principal?.subject ?? null) || content.issuer !== (principal?.issuer ?? null))
      return undefined;
    return {
      id: String(content.id),
      client: {
        version: String(content.version),
        clientInfo: { name: content.name, version: content.clientVersion },
        capabilities: isJsonObject(content.asks) ? content.asks : {},
      },
      owner: ownerOf(principal),
      expires: Number(content.expires),
    };
  }
}

const cut = (text: unknown): string => (typeof text === 'string' ? text.slice(0, MAX_NAME) : '');

/** What a client can be asked, and nothing else that it declared: the token must fit in a header. */
function askable({ elicitation, sampling, roots }: JsonObject): JsonObject {
  return {
    ...(isJsonObject(elicitation) ? { elicitation: members(elicitation, ['form', 'url']) } : {}),
    ...(isJsonObject(sampling) ? { sampling: members(sampling, ['tools']) } : {}),
    ...(isJsonObject(roots) ? { roots: {} } : {}),
  };
}

const members = (capability: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(names.filter((name) => isJsonObject(capability[name])).map((name) => [name, {}]));
