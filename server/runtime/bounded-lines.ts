/** Lines in the server's log of what may fail again and again: plugins cannot be made to write one for every call. */
import { TELEMETRY_LIMITS } from '../../spec/limits.ts';
import type { Logger } from '../log.ts';

/** @param about an installation, or a part of the server: what is counted by itself */
export type WriteLine = (about: string, fields: object, message: string) => void;

type Level = 'warn' | 'error';
type Window = { lines: number; leftOut: number; fields: object };

/** @returns writes the first lines about each in a window of time, and at its end how many came besides */
export function boundedLines(log: Pick<Logger, Level>, level: Level): WriteLine {
  const { serverLinesMax, serverLinesWindowMs } = TELEMETRY_LIMITS;
  const windows = new Map<string, Window>();
  const close = (about: string, { leftOut, fields }: Window): void => {
    windows.delete(about);
    if (leftOut > 0) log[level]({ ...fields, leftOut }, 'lines left out');
  };
  const open = (about: string): Window => {
    const window: Window = { lines: 0, leftOut: 0, fields: {} };
    windows.set(about, window);
    setTimeout(() => close(about, window), serverLinesWindowMs).unref();
    return window;
  };
  return (about, fields, message) => {
    const window = windows.get(about) ?? open(about);
    window.lines += 1;
    if (window.lines <= serverLinesMax) return log[level](fields, message);
    window.leftOut += 1;
    window.fields = fields;
  };
}
