import { isJsonObject, McpError, type JsonObject } from '@org/mcp-sdk';
import { JsonReader } from '@org/mcp-sdk/wire';
import type { OfferOptions } from './catalog-options.ts';
import { kindOf } from './check.ts';
import type { EndpointOptions, UpstreamOptions } from './options.ts';

/** What a config is read with. */
export interface ConfigContext {
  /** Where it comes from, for messages. */
  readonly source: string;
  /** Variables that `${NAME}` may name. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** For whoever reads them: the URL says how it is spoken to. */
const URL_TYPES = ['http', 'streamable-http', 'streamableHttp', 'sse', 'ws'];
/** Where a host has its servers. */
const KEYS = ['mcpServers', 'servers'];

/** `{` */
const BRACE = 0x7b;

const VARIABLE = /\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/**
 * Reads the `mcpServers` (or `servers`) of a host's config as upstreams.
 *
 * @remarks Entries with `"disabled": true` are left out; keys that only concern the host are not looked at.
 * @throws McpError `invalid_options` naming every bad entry with its path, its value and what is allowed
 */
export function parseConfig(config: unknown, context: ConfigContext): Record<string, UpstreamOptions> {
  const reader = new ConfigReader(context);
  const upstreams = reader.read(config);
  if (reader.faults.length > 0) throw new McpError('invalid_options', reader.faults.join('\n'));
  return upstreams;
}

/** Parses the text of a config file. @throws McpError `invalid_options` if it is not JSON, or names a server twice */
export function parseConfigText(text: string, source: string): unknown {
  const config = parseJson(text, source);
  if (isJsonObject(config)) checkServerNames(text, source);
  return config;
}

/** JSON keeps the last of two servers with one name: the other would be missing, and nobody could say why. */
function checkServerNames(text: string, source: string): void {
  const reader = new JsonReader(new TextEncoder().encode(text), { maxDepth: 1_000, maxElements: Infinity });
  const skip = (): unknown => reader.skip();
  try {
    reader.object((key) => {
      if (KEYS.includes(key) && reader.peekByte() === BRACE) reader.object(skip, true);
      else skip();
    });
  } catch (thrown) {
    throw new McpError('invalid_options', `${source}: ${McpError.from(thrown).message}`);
  }
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The words of the parser quote the text around the fault, which may be a credential: only where it is is said.
    const [at = ''] = cause instanceof Error ? (/ at position \d+/.exec(cause.message) ?? []) : [];
    throw new McpError('invalid_options', `${source} is not JSON${at}.`);
  }
}

/** What is offered of a server is checked with the options. */
const offerOf = ({ tools, prompts, resources }: JsonObject): OfferOptions =>
  Object.fromEntries(Object.entries({ tools, prompts, resources }).filter(([, offer]) => offer !== undefined));

class ConfigReader {
  readonly faults: string[] = [];
  readonly #context: ConfigContext;

  constructor(context: ConfigContext) {
    this.#context = context;
  }

  read(config: unknown): Record<string, UpstreamOptions> {
    const key = isJsonObject(config) && 'servers' in config && !('mcpServers' in config) ? 'servers' : 'mcpServers';
    const servers = isJsonObject(config) ? config[key] : undefined;
    if (!isJsonObject(servers)) {
      this.#fault(key, servers, 'an object of servers by name');
      return {};
    }
    const upstreams = new Map<string, UpstreamOptions>();
    for (const [name, entry] of Object.entries(servers)) {
      const upstream = this.#entry(`${key}.${name}`, entry);
      if (upstream && isJsonObject(entry)) upstreams.set(name, { ...upstream, ...offerOf(entry) });
    }
    if (Object.keys(servers).length === 0) this.#fault(key, servers, 'at least one server');
    return Object.fromEntries(upstreams);
  }

  #entry(path: string, entry: unknown): EndpointOptions | undefined {
    if (!isJsonObject(entry)) {
      this.#fault(path, entry, 'an object with "command" or "url"');
      return undefined;
    }
    if (entry.disabled === true) return undefined;
    const type = entry.type ?? ('url' in entry ? 'http' : 'stdio');
    if (type === 'stdio') return this.#child(path, entry);
    if (typeof type === 'string' && URL_TYPES.includes(type)) return this.#remote(path, entry);
    this.#unknownType(`${path}.type`, type);
    return undefined;
  }

  #child(path: string, entry: JsonObject): EndpointOptions {
    const cwd = entry.cwd === undefined ? {} : { cwd: this.#text(`${path}.cwd`, entry.cwd) };
    return {
      command: this.#text(`${path}.command`, entry.command),
      args: this.#texts(`${path}.args`, entry.args ?? []),
      env: this.#record(`${path}.env`, entry.env ?? {}),
      ...cwd,
    };
  }

  #remote(path: string, entry: JsonObject): EndpointOptions {
    const url = this.#text(`${path}.url`, entry.url);
    if (url !== '' && !URL.canParse(url))
      this.#fault(`${path}.url`, entry.url, 'an absolute http:, https:, ws: or wss: URL');
    return { url, headers: this.#record(`${path}.headers`, entry.headers ?? {}) };
  }

  #record(path: string, value: unknown): Record<string, string> {
    if (!isJsonObject(value)) {
      this.#fault(path, value, 'an object of strings');
      return {};
    }
    return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, this.#string(`${path}.${key}`, text)]));
  }

  #texts(path: string, value: unknown): string[] {
    if (Array.isArray(value)) return value.map((text, index) => this.#string(`${path}[${index}]`, text));
    this.#fault(path, value, 'an array of strings');
    return [];
  }

  #text(path: string, value: unknown): string {
    if (typeof value === 'string' && value !== '') return this.#expand(path, value);
    this.#fault(path, value, 'a string that is not empty');
    return '';
  }

  /** Text that may be empty: an argument, a variable. */
  #string(path: string, value: unknown): string {
    if (typeof value === 'string') return this.#expand(path, value);
    this.#fault(path, value, 'a string');
    return '';
  }

  #expand(path: string, text: string): string {
    return text.replaceAll(VARIABLE, (_, name: string, fallback: string | undefined) => {
      const value = this.#context.env[name] ?? fallback;
      if (value === undefined)
        this.faults.push(
          `${this.#context.source}: ${path} names \${${name}}, which is not set; set it or write \${${name}:-default}.`,
        );
      return value ?? '';
    });
  }

  /** Any value may be or hold a credential that is in the wrong place: what kind of value it is says enough. */
  #fault(path: string, value: unknown, allowed: string): void {
    this.faults.push(`${this.#context.source}: ${path} is ${kindOf(value)}; allowed: ${allowed}.`);
  }

  #unknownType(path: string, type: unknown): void {
    const shown = typeof type === 'string' ? JSON.stringify(type.slice(0, 40)) : kindOf(type);
    const allowed = ['stdio', ...URL_TYPES].map((known) => `"${known}"`).join(', ');
    this.faults.push(`${this.#context.source}: ${path} is ${shown}; allowed: ${allowed}.`);
  }
}
