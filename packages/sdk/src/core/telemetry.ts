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

/** Writes warnings and errors to the console of this process, which is its standard error: a line each. */
export const consoleTelemetry: Telemetry = {
  record({ name, severity, fields: { stack, ...fields } }) {
    if (severity !== 'warn' && severity !== 'error') return;
    const frames = typeof stack === 'string' ? (stack.match(/^ +at .*/gm) ?? []) : [];
    // eslint-disable-next-line no-console -- it is what the console is for: each runtime has it, and hosts collect it
    console.error([name, JSON.stringify(fields), ...frames.map((frame) => frame.trim())].join(' '));
  },
};
