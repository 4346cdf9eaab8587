/**
 * Contracts: named interfaces that plugins implement and that the host, people and other plugins call.
 *
 * `communication@1` is a name and a major version. Within a major version a contract only grows (compatibility.ts says
 * how), so that who implements or calls it today still does tomorrow; several majors stand side by side.
 */
import type { JsonObject } from '../json.ts';

export type ContractAction = {
  readonly summary: string;
  /** JSON Schema 2020-12 in the limited keywords of guest-schema.ts, as for everything that meets strangers' values. */
  readonly input: JsonObject;
  readonly output: JsonObject;
  /** What an implementation may throw as the `code` of an error, each with a sentence. */
  readonly errors: Readonly<Record<string, string>>;
};

export type Contract = {
  /** Name and major version, such as `communication@1`. */
  readonly id: string;
  readonly summary: string;
  readonly actions: Readonly<Record<string, ContractAction>>;
};

type Properties = Readonly<Record<string, JsonObject>>;

/** An object that has all of `required`, may have `optional`, and nothing else. */
export function shape(required: Properties, optional: Properties = {}): JsonObject {
  return {
    type: 'object',
    required: Object.keys(required),
    properties: { ...required, ...optional },
    additionalProperties: false,
  };
}

export function listOf(items: JsonObject, maxItems: number): JsonObject {
  return { type: 'array', maxItems, items };
}

export function text(maxLength: number, description?: string): JsonObject {
  return { type: 'string', maxLength, ...(description === undefined ? {} : { description }) };
}

/** Text that is not empty. */
export function line(maxLength: number, description?: string): JsonObject {
  return { ...text(maxLength, description), minLength: 1 };
}

export function oneOf(...values: string[]): JsonObject {
  return { type: 'string', enum: values };
}

/** A whole number that is not negative. */
export const COUNT: JsonObject = { type: 'integer', minimum: 0 };
/** RFC 3339. */
export const TIME: JsonObject = { type: 'string', format: 'date-time' };
/** Any members. */
export const OPEN: JsonObject = { type: 'object' };
