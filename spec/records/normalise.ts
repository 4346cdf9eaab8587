/** Brings what a plugin proposes into the one form in which it is compared and kept. */
import type { JsonObject, JsonValue } from '../json.ts';
import { RECORD_LIMITS } from '../limits.ts';
import type { Violation } from '../refusal.ts';
import { toPointer } from '../strict-json.ts';

declare const normalised: unique symbol;
/** Text in NFC without surrounding space, addresses in lower case, moments in UTC; nothing empty, nothing unstorable. */
export type RecordData = JsonObject & { readonly [normalised]: true };

export type Normalised =
  | { readonly kind: 'data'; readonly data: RecordData }
  | { readonly kind: 'faults'; readonly faults: readonly Violation[] };

/** @param schema of the record type: its formats say what a text is */
export function normaliseData(data: JsonObject, schema: JsonObject): Normalised {
  const faults: Violation[] = [];
  const chars = JSON.stringify(data).length;
  if (chars > RECORD_LIMITS.dataCharsMax) {
    const message = `the row has ${chars} characters; at most ${RECORD_LIMITS.dataCharsMax} are taken`;
    return { kind: 'faults', faults: [{ pointer: '', message }] };
  }
  const formats = formatsOf(schema);
  const entries = Object.entries(data).flatMap(([key, value]): [string, JsonValue][] => {
    const clean = cleanValue(value, toPointer([key]), 1, faults);
    // A column that is there and empty says nothing about the record.
    if (clean === null || clean === '') return [];
    return [[key, typeof clean === 'string' ? inFormat(clean, formats.get(key)) : clean]];
  });
  if (faults.length > 0) return { kind: 'faults', faults };
  // fromEntries defines own properties, so that a key such as __proto__ is one like any other.
  return { kind: 'data', data: Object.fromEntries(entries) as RecordData };
}

function cleanValue(value: JsonValue, at: string, depth: number, faults: Violation[]): JsonValue {
  if (typeof value === 'string') return cleanText(value, at, faults);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > RECORD_LIMITS.dataDepthMax) {
    faults.push({ pointer: at, message: `nests deeper than ${RECORD_LIMITS.dataDepthMax} levels` });
    return null;
  }
  if (Array.isArray(value))
    return value.map((child, index) => cleanValue(child, `${at}/${index}`, depth + 1, faults));
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      const here = at + toPointer([key]);
      return [cleanText(key, here, faults), cleanValue(child, here, depth + 1, faults)];
    }),
  );
}

/**
 * The Stream-Safe Text Format (UAX #15, section 13) allows as many; no language writes more than a few. To bring them
 * into order takes the square of their number, in native code: a quarter of a minute for 96,000.
 */
const MARKS_IN_A_ROW_MAX = 30;
const TOO_MANY_MARKS = new RegExp(`\\p{M}{${MARKS_IN_A_ROW_MAX + 1}}`, 'u');

/** PostgreSQL keeps neither U+0000 nor half a surrogate pair in a text. */
function cleanText(text: string, pointer: string, faults: Violation[]): string {
  if (text.includes('\0')) faults.push({ pointer, message: 'holds the character U+0000' });
  else if (!text.isWellFormed()) faults.push({ pointer, message: 'holds half a surrogate pair' });
  if (TOO_MANY_MARKS.test(text)) {
    faults.push({ pointer, message: `holds more than ${MARKS_IN_A_ROW_MAX} combining characters in a row` });
    return text;
  }
  return text.normalize('NFC').trim();
}

function formatsOf({ properties }: JsonObject): ReadonlyMap<string, JsonValue> {
  return new Map(
    Object.entries((properties as JsonObject | undefined) ?? {}).flatMap(([key, schema]) =>
      isObject(schema) && schema['format'] !== undefined ? [[key, schema['format']]] : [],
    ),
  );
}

/** What does not fit its format stays as it is, for the schema to say so. */
function inFormat(text: string, format: JsonValue | undefined): string {
  if (format === 'email') return text.toLowerCase();
  if (format !== 'date-time' || !MOMENT.test(text)) return text;
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? text : moment.toISOString();
}

/** RFC 3339, section 5.6, with its offset: without one the moment would depend on where the server stands. */
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/iu;

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
