import type { JsonObject } from './json.ts';

/** How much a fact matters. */
export type Severity = 'debug' | 'info' | 'warn' | 'error';

/** Something that happened, told once. Fields never hold credentials. */
export interface Fact {
  /** Dotted name, e.g. `upstream.restarted`. */
  readonly name: string;
  readonly severity: Severity;
  readonly fields: JsonObject;
}

/** Where facts go: log, metrics and traces are readers of the same ones. */
export interface Telemetry {
  /** Takes a fact; must not throw. */
  record(fact: Fact): void;
}

/** Drops every fact. */
export const silentTelemetry: Telemetry = { record: () => undefined };
