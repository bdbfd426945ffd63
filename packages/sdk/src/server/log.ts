import type { LogLevel } from '../core/protocol.ts';

/** Sends a log message. @param data - any JSON value, or an error, of which its name and message are sent @param logger - which part of the server speaks */
export type LogFunction = (data: unknown, logger?: string) => void;

/** One function per severity (RFC 5424). */
export type Log = Readonly<Record<LogLevel, LogFunction>>;

/** A log message without its level. */
export interface LogEntry {
  readonly data: unknown;
  readonly logger?: string;
}

/** A {@link Log} that gives what it is told to one function. */
export class CallLog implements Log {
  readonly debug = this.#at('debug');
  readonly info = this.#at('info');
  readonly notice = this.#at('notice');
  readonly warning = this.#at('warning');
  readonly error = this.#at('error');
  readonly critical = this.#at('critical');
  readonly alert = this.#at('alert');
  readonly emergency = this.#at('emergency');
  readonly #send: (level: LogLevel, entry: LogEntry) => void;

  constructor(send: (level: LogLevel, entry: LogEntry) => void) {
    this.#send = send;
  }

  #at(level: LogLevel): LogFunction {
    return (data, logger) => {
      this.#send(level, { data: shown(data), ...(logger === undefined ? {} : { logger }) });
    };
  }
}

/** An error has no members that JSON knows of, and a message must have data. */
function shown(data: unknown): unknown {
  if (data instanceof Error) return `${data.name}: ${data.message}`;
  return data === undefined ? null : data;
}
