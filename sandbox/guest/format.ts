/** Log lines from whatever guest code passes. */
import { errorText } from './error-text.ts';
import { arrayJoin, stringify, stringSlice } from './primordials.ts';

/** @returns the items as one line of at most `charsMax` characters */
export function formatLine(items: readonly unknown[], charsMax: number): string {
  const parts: string[] = [];
  for (let index = 0; index < items.length; index++) parts[index] = formatItem(items[index]);
  return stringSlice(arrayJoin(parts, ' '), 0, charsMax);
}

function formatItem(item: unknown): string {
  try {
    if (typeof item === 'string') return item;
    if (typeof item !== 'object' || item === null) return String(item);
    if (typeof (item as { stack?: unknown }).stack === 'string') return errorText(item);
    const text: unknown = stringify(item);
    return typeof text === 'string' ? text : String(item);
  } catch {
    return '[unreadable]';
  }
}
