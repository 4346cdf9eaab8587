/**
 * JSON Schemas that strangers write: the configuration of a plugin, the bodies of its endpoints, the arguments of its
 * commands. They are limited in keywords and size, and their patterns run on a linear-time engine, because they are
 * evaluated in the server (a 31-character string can stall a backtracking engine for seconds).
 */
import type { Ajv2020 } from 'ajv/dist/2020.js';
import { RE2JS } from 're2js';
import { FORMATS, newAjv, noEngine } from './guest-ajv.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { Violation } from './refusal.ts';
import { codeCharsOf } from './schema-code.ts';
import { costOfSchema, type SchemaCost } from './schema-cost.ts';
import { toPointer } from './strict-json.ts';

const DEPTH_MAX = 16;
/** Schema objects in one schema: the work for one body is at most its values times this. */
const NODES_MAX = 300;
const PATTERN_CHARS_MAX = 300;
/** What the patterns of one schema compile to, all together: `\\pL{300}` is 300. Compiling so much takes some ten ms. */
const PATTERN_STEPS_MAX = 10_000;
/** As `codeCharsOf` counts: 300 parts with five keywords each, at places of 160 characters. Compiled in some ten ms. */
const CODE_CHARS_MAX = 250_000;
const ENUM_MAX = 500;
/** Comparing every pair is quadratic. */
const UNIQUE_ITEMS_MAX = 256;
const PLAIN_KEYWORDS = new Set([
  'type',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'const',
  'enum',
  'minLength',
  'maxLength',
  'pattern',
  'format',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'required',
  'dependentRequired',
]);
const SCHEMA_KEYWORDS = new Set([
  'items',
  'additionalProperties',
  'not',
  'if',
  'then',
  'else',
  'propertyNames',
  'contains',
]);
const SCHEMA_LIST_KEYWORDS = new Set(['prefixItems', 'allOf', 'anyOf', 'oneOf']);
const SCHEMA_MAP_KEYWORDS = new Set(['properties', 'dependentSchemas']);
/** Every keyword that a plugin's schema may use, for the documentation. */
export const GUEST_SCHEMA_KEYWORDS: readonly string[] = [
  ...PLAIN_KEYWORDS,
  ...SCHEMA_KEYWORDS,
  ...SCHEMA_LIST_KEYWORDS,
  ...SCHEMA_MAP_KEYWORDS,
].sort();

/**
 * @param schema a schema of a manifest, already strict JSON
 * @param at JSON pointer of the schema in its document
 * @returns each breach of the limits, empty when the schema may be compiled
 */
export function checkGuestSchema(schema: JsonObject, at: string): Violation[] {
  const faults: Violation[] = [];
  const pending: { node: JsonValue; at: string; depth: number }[] = [{ node: schema, at, depth: 1 }];
  let nodes = 0;
  let codeChars = 0;
  while (pending.length > 0 && faults.length < 20) {
    const next = pending.pop();
    if (!next) break;
    nodes += 1;
    if (nodes > NODES_MAX)
      return [...faults, { pointer: at, message: `the schema has more than ${NODES_MAX} parts` }];
    if (next.depth > DEPTH_MAX)
      faults.push({ pointer: next.at, message: `the schema nests deeper than ${DEPTH_MAX}` });
    else if (isObject(next.node)) {
      codeChars += codeCharsOf(next.node, next.at.length - at.length);
      if (codeChars > CODE_CHARS_MAX) return [...faults, { pointer: next.at, message: TOO_MUCH_CODE }];
      pending.push(...checkNode(next.node, next.at, next.depth, faults));
    } else if (typeof next.node !== 'boolean')
      faults.push({ pointer: next.at, message: 'a schema is an object or a boolean' });
  }
  return faults.length > 0 ? faults : (patternsFault(schema, at) ?? compileFault(schema, at));
}

const TOO_MUCH_CODE =
  'the schema compiles to too much code: shorten names that much lies below, and lists of names in required and dependentRequired';

function patternsFault(schema: JsonObject, at: string): Violation[] | undefined {
  const { patternSteps } = costOf(schema);
  if (patternSteps <= PATTERN_STEPS_MAX) return undefined;
  const message = `its patterns have ${patternSteps} steps together, and at most ${PATTERN_STEPS_MAX} are taken`;
  return [{ pointer: at, message }];
}

function checkNode(
  node: JsonObject,
  at: string,
  depth: number,
  faults: Violation[],
): { node: JsonValue; at: string; depth: number }[] {
  const below: { node: JsonValue; at: string; depth: number }[] = [];
  for (const [keyword, value] of Object.entries(node)) {
    const here = `${at}${toPointer([keyword])}`;
    if (SCHEMA_KEYWORDS.has(keyword)) below.push({ node: value, at: here, depth: depth + 1 });
    else if (SCHEMA_LIST_KEYWORDS.has(keyword) && Array.isArray(value)) {
      below.push(...value.map((child, index) => ({ node: child, at: `${here}/${index}`, depth: depth + 1 })));
    } else if (SCHEMA_MAP_KEYWORDS.has(keyword) && isObject(value)) {
      below.push(
        ...Object.entries(value).map(([key, child]) => ({
          node: child,
          at: here + toPointer([key]),
          depth: depth + 1,
        })),
      );
    } else if (PLAIN_KEYWORDS.has(keyword)) {
      const message = plainKeywordFault(node, keyword, value);
      if (message) faults.push({ pointer: here, message });
    } else
      faults.push({
        pointer: here,
        message: `the keyword ${JSON.stringify(keyword)} is not among those that a plugin's schema may use`,
      });
  }
  return below;
}

function plainKeywordFault(node: JsonObject, keyword: string, value: JsonValue): string | undefined {
  if (keyword === 'pattern') return patternFault(value);
  if (keyword === 'enum' && Array.isArray(value) && value.length > ENUM_MAX)
    return `lists more than ${ENUM_MAX} values`;
  if (keyword === 'format' && !(FORMATS as readonly JsonValue[]).includes(value))
    return `is none of ${FORMATS.join(', ')}`;
  if (keyword === 'uniqueItems' && value === true && !isAtMost(node['maxItems'], UNIQUE_ITEMS_MAX)) {
    return `needs maxItems of at most ${UNIQUE_ITEMS_MAX} beside it`;
  }
  return undefined;
}

function isAtMost(value: JsonValue | undefined, max: number): boolean {
  return typeof value === 'number' && value <= max;
}

function patternFault(value: JsonValue): string | undefined {
  if (typeof value !== 'string') return 'is not text';
  if (value.length > PATTERN_CHARS_MAX) return `is longer than ${PATTERN_CHARS_MAX} characters`;
  try {
    RE2JS.compile(value);
    return undefined;
  } catch {
    return 'is not a pattern in RE2 syntax, which has no look-around and no back references';
  }
}

/** One for all: it keeps nothing of what it checks. Made with the first check. */
let checker: Ajv2020 | undefined;

function compileFault(schema: JsonObject, at: string): Violation[] {
  const ajv = (checker ??= newAjv('withMetaSchemas', 'allErrors'));
  if (ajv.validateSchema(schema)) return canCompile(schema) ? [] : [{ pointer: at, message: NO_SCHEMA }];
  return (ajv.errors ?? []).slice(0, 20).map((error) => ({
    pointer: at + error.instancePath,
    message: error.message ?? NO_SCHEMA,
  }));
}

const NO_SCHEMA = 'is not valid JSON Schema 2020-12';

/** What cannot be compiled would fail with its first value, long after it was published. */
function canCompile(schema: JsonObject): boolean {
  try {
    newAjv('withoutMetaSchemas', 'firstError', noEngine).compile(schema);
    return true;
  } catch {
    return false;
  }
}

/** What one check of a value by the schema may take, in steps. */
export function costOf(schema: JsonObject): SchemaCost {
  return costOfSchema(schema, { stepsOf, comparisons: UNIQUE_ITEMS_MAX / 2 });
}

/** Of one pattern for one character: each instruction of it may be where the match has got to. */
function stepsOf(pattern: string): number {
  try {
    return RE2JS.compile(pattern).programSize();
  } catch {
    // A constant that only looks like one.
    return 0;
  }
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
