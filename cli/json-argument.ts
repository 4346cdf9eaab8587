import { InvalidArgumentError } from 'commander';
import type { JsonValue } from '../spec/json.ts';

/** An argument of a command line that is JSON. */
export function readJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new InvalidArgumentError('This is not JSON.');
  }
}
