import type { ErrorCode } from '../spec/error-codes.ts';
import type { JsonObject, JsonValue } from '../spec/json.ts';
import { Refusal } from '../spec/refusal.ts';
import { decodeBase64 } from './base64.ts';
import { quote } from './quote.ts';

/** A value with its place in the document (JSON pointer, RFC 6901) and the code that a refusal carries. */
export type Field = {
  readonly value: JsonValue | undefined;
  readonly pointer: string;
  readonly code: ErrorCode;
};

export type FieldsOf<Name extends string> = Readonly<Record<Name, Field>>;

/** @throws Refusal that names the place, what was found there and the rule. */
export function refuseField(field: Field, rule: string): never {
  const message = `${quote(field.value)} ${rule}`;
  throw new Refusal(field.code, {
    detail: `At ${field.pointer === '' ? 'the top' : quote(field.pointer)}: ${message}.`,
    violations: [{ pointer: field.pointer, message: `${message}.` }],
  });
}

/** Reads an object that has exactly the members `names`: an unknown one is refused, never ignored. */
export function readMembers<Name extends string>(field: Field, names: readonly Name[]): FieldsOf<Name> {
  const object = readObject(field);
  for (const name of Object.keys(object)) {
    if (!names.some((known) => known === name))
      refuseField({ ...field, value: name }, `is not a member here; known are ${names.join(', ')}`);
  }
  const fields = names.map((name): [Name, Field] => [name, memberOf(field, object, name)]);
  return Object.fromEntries(fields) as Record<Name, Field>;
}

function memberOf(field: Field, object: JsonObject, name: string): Field {
  const member = { value: object[name], pointer: `${field.pointer}/${name}`, code: field.code };
  if (!Object.hasOwn(object, name))
    refuseField({ ...member, value: undefined }, `is here, but ${name} must be`);
  return member;
}

function readObject(field: Field): JsonObject {
  const { value } = field;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuseField(field, 'is not an object');
  return value;
}

/** Reads an array of at most `lengthMax` items. */
export function readItems(field: Field, lengthMax: number): Field[] {
  if (!Array.isArray(field.value)) return refuseField(field, 'is not an array');
  if (field.value.length > lengthMax) refuseField(field, `is longer than ${lengthMax}`);
  return field.value.map((value, index) => ({
    value,
    pointer: `${field.pointer}/${index}`,
    code: field.code,
  }));
}

export function readText(field: Field): string {
  return typeof field.value === 'string' ? field.value : refuseField(field, 'is not a text');
}

/** Reads the one text that is allowed here. */
export function readConstant(field: Field, expected: string): void {
  if (field.value !== expected) refuseField(field, `is not ${quote(expected)}`);
}

/** Reads one of a closed set of texts. */
export function readChoice<Choice extends string>(field: Field, choices: readonly Choice[]): Choice {
  return (
    choices.find((choice) => choice === field.value) ??
    refuseField(field, `is not one of ${choices.join(', ')}`)
  );
}

/** Reads an integer from `min` to `max`. A number that JavaScript would round is no integer here. */
export function readInteger(field: Field, min: number, max: number): number {
  const { value } = field;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max)
    return refuseField(field, `is not an integer from ${min} to ${max}`);
  return value;
}

const SHA256_HEX = /^[0-9a-f]{64}$/u;

/** Reads a SHA-256 as 64 lower-case hexadecimal digits. */
export function readSha256(field: Field): string {
  const text = readText(field);
  return SHA256_HEX.test(text)
    ? text
    : refuseField(field, 'is not a SHA-256 in 64 lower-case hexadecimal digits');
}

export function readBase64(field: Field): Uint8Array {
  return decodeBase64(readText(field)) ?? refuseField(field, 'is not canonical base64');
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/u;

/** Reads a time of RFC 3339 in its one spelling here: UTC, whole seconds, `2026-01-31T12:00:00Z`. */
export function readTime(field: Field): Date {
  const text = readText(field);
  const time = new Date(text);
  // The second half refuses 30 February, which Date would move into March, and leap seconds.
  if (!TIME.test(text) || Number.isNaN(time.getTime()) || formatTime(time) !== text)
    return refuseField(field, 'is not a time such as 2026-01-31T12:00:00Z');
  return time;
}

/** @returns the spelling that `readTime` reads; fractions of a second are cut off. */
export function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
