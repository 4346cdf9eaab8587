import type { JsonValue } from '../../spec/json.ts';

/** A value of ours as JSON: times become RFC 3339 text, absent members stay away. */
export function toJson(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}
