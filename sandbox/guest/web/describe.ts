/** Values as text for the log. Most lines are text already: what shows other values is loaded with the first of them. */
import { stringSlice } from './intrinsics.ts';
import { descriptionPart } from './lazy.ts';

/** One line of the log; the runner cuts further where its own limit is lower. */
export const CHARS_MAX = 8192;

/** @returns a text of at most 8,192 characters */
export function describe(value: unknown): string {
  if (typeof value === 'string') return stringSlice(value, 0, CHARS_MAX);
  try {
    return descriptionPart.use().describeValue(value);
  } catch {
    return '[value that cannot be shown]';
  }
}
