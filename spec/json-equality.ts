/**
 * Equality of JSON values by what they hold (JSON Schema 2020-12, core, section 4.2.2), for keywords that compare.
 *
 * ajv compares with a library made for objects of programs: it calls `valueOf` and `toString` of what it is given, and
 * asks for one `constructor`. In a document these are names like any other: `{"toString": 1}` made it throw, and of
 * two equal objects with a member `constructor` it said that they differ.
 */
import { _, type Ajv2020 } from 'ajv/dist/2020.js';
import type { JsonValue } from './json.ts';

/** @returns whether both hold the same; recursive, as deep as the values nest */
export function isSameJson(left: JsonValue, right: JsonValue): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) || Array.isArray(right)) return isSameList(left, right);
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && isSameJson(left[name] ?? null, right[name] ?? null))
  );
}

function isSameList(left: JsonValue, right: JsonValue): boolean {
  if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
  return left.every((item, index) => isSameJson(item, right[index] ?? null));
}

/** Texts, numbers, true, false and null are looked up, so that only lists and objects are compared in pairs. */
function hasDuplicates(items: readonly JsonValue[]): boolean {
  const scalars = new Set<JsonValue>();
  const compounds: JsonValue[] = [];
  for (const item of items) {
    const isCompound = typeof item === 'object' && item !== null;
    if (isCompound ? compounds.some((other) => isSameJson(other, item)) : scalars.has(item)) return true;
    if (isCompound) compounds.push(item);
    else scalars.add(item);
  }
  return false;
}

/** Gives `ajv`, before it compiles anything, keywords that compare JSON as JSON; the messages stay ajv's own. */
export function compareAsJson(ajv: Ajv2020): void {
  for (const keyword of ['uniqueItems', 'const', 'enum']) ajv.removeKeyword(keyword);
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    compile: (isUnique: boolean) => (items: JsonValue[]) => !isUnique || !hasDuplicates(items),
    error: { message: 'must NOT have duplicate items' },
  });
  ajv.addKeyword({
    keyword: 'const',
    compile: (constant: JsonValue) => (value: JsonValue) => isSameJson(constant, value),
    error: { message: 'must be equal to constant' },
  });
  ajv.addKeyword({
    keyword: 'enum',
    schemaType: 'array',
    compile: (allowed: JsonValue[]) => (value: JsonValue) => allowed.some((one) => isSameJson(one, value)),
    error: {
      message: 'must be equal to one of the allowed values',
      params: ({ schemaCode }) => _`{allowedValues: ${schemaCode}}`,
    },
  });
}
