/** The log of one installation: who writes, in which words, and how it is read. */
import { TELEMETRY_LIMITS } from '../../spec/limits.ts';

/** From the least grave on. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Whose log it is; from the supervisor's record of a run, never from a guest. */
export type LogOwner = { readonly orgId: string; readonly installationId: string };

export type NewLogLine = {
  readonly level: LogLevel;
  readonly text: string;
  /** Null for what is logged outside of runs. */
  readonly requestId: string | null;
};

export type LogLine = NewLogLine & {
  /** A decimal number; grows from line to line of an organization, with gaps. */
  readonly id: string;
  readonly at: Date;
};

export type LogFilter = {
  /** The least grave that is shown. */
  readonly level?: LogLevel;
  readonly since?: Date;
  /** The first moment that is not shown. */
  readonly until?: Date;
  readonly requestId?: string;
  /** Part of the text, in any case of letters. */
  readonly text?: string;
};

/** Text that PostgreSQL stores: no U+0000, no half of a surrogate pair, no longer than a line may be. */
export function storableText(text: string): string {
  return text.slice(0, TELEMETRY_LIMITS.textCharsMax).toWellFormed().replaceAll('\0', '\uFFFD');
}

/** @returns the levels that are at least as grave */
export function levelsFrom(level: LogLevel): readonly LogLevel[] {
  return LOG_LEVELS.slice(LOG_LEVELS.indexOf(level));
}
