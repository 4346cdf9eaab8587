import type { JsonObject } from '../spec/json.ts';

/** A row of an import as people read it: where it stands, what became of it, and why. */
export function rowLine({ import: id, row, outcome, record, reasons, candidates }: JsonObject): string {
  const why = (reasons as JsonObject[]).map(
    ({ pointer, message }) => `${String(pointer)} ${String(message)}`,
  );
  const words = [id, row, outcome, record ?? '-', ...(candidates as string[])].map(String);
  return `${words.join(' ')}${why.length === 0 ? '' : `: ${why.join('; ')}`}`;
}
