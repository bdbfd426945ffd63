/** Revisions of the Model Context Protocol this package speaks, newest first. */
export const MODERN_VERSIONS = ['2026-07-28'] as const;

/** Legacy revisions, newest first: they open with `initialize`. */
export const LEGACY_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;

/** Every revision that is served, newest first. */
export const SUPPORTED_VERSIONS: readonly string[] = [...MODERN_VERSIONS, ...LEGACY_VERSIONS];

/** The revision that everything inside speaks. */
export const MODERN_VERSION = MODERN_VERSIONS[0];

/** What an `initialize` that names an unknown revision is answered with. */
export const LATEST_LEGACY_VERSION = LEGACY_VERSIONS[0];

/** The family a revision belongs to: `modern` from 2026-07-28 on, `legacy` before. */
export type Era = 'modern' | 'legacy';

/**
 * Keys of `_meta` that the protocol reserves for a request or a result.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/index#meta
 */
export const META = {
  prefix: 'io.modelcontextprotocol/',
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  logLevel: 'io.modelcontextprotocol/logLevel',
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  progressToken: 'progressToken',
} as const;

/** Severities of a log message, least severe first (RFC 5424). */
export const LOG_LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Whether `value` names a log level. */
export const isLogLevel = (value: unknown): value is LogLevel => (LOG_LEVELS as readonly unknown[]).includes(value);

/** Whether `version` is a revision that this package serves statelessly. */
export const isModernVersion = (version: unknown): boolean => (MODERN_VERSIONS as readonly unknown[]).includes(version);

/** Whether `version` is a revision that this package serves after `initialize`. */
export const isLegacyVersion = (version: unknown): boolean => (LEGACY_VERSIONS as readonly unknown[]).includes(version);
