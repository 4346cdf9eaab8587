/** Warnings about plugins in the server's log, which cannot be made to write a line for every call that fails. */
import { TELEMETRY_LIMITS } from '../../spec/limits.ts';
import type { Logger } from '../log.ts';

export type Warn = (installationId: string, fields: object, message: string) => void;

type Window = { lines: number; leftOut: number; fields: object };

/** @returns writes the first warnings of each installation in a window of time, and at its end how many came besides */
export function boundedWarnings(log: Pick<Logger, 'warn'>): Warn {
  const { warningsMax, warningsWindowMs } = TELEMETRY_LIMITS;
  const windows = new Map<string, Window>();
  const close = (installationId: string, { leftOut, fields }: Window): void => {
    windows.delete(installationId);
    if (leftOut > 0) log.warn({ ...fields, leftOut }, 'warnings left out');
  };
  const open = (installationId: string): Window => {
    const window: Window = { lines: 0, leftOut: 0, fields: {} };
    windows.set(installationId, window);
    setTimeout(() => close(installationId, window), warningsWindowMs).unref();
    return window;
  };
  return (installationId, fields, message) => {
    const window = windows.get(installationId) ?? open(installationId);
    window.lines += 1;
    if (window.lines <= warningsMax) return log.warn(fields, message);
    window.leftOut += 1;
    window.fields = fields;
  };
}
