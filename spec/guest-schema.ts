/**
 * JSON Schemas that strangers write: the configuration of a plugin, the bodies of its endpoints, the arguments of its
 * commands. They are limited in keywords and size, and their patterns run on a linear-time engine, because they are
 * evaluated in the server (a 31-character string can stall a backtracking engine for seconds).
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { RE2JS } from 're2js';
import { compareAsJson } from './json-equality.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { Violation } from './refusal.ts';
import { costOfSchema, isCheap, type SchemaCost } from './schema-cost.ts';
import { toPointer } from './strict-json.ts';
import { withinTime } from './within-time.ts';

const DEPTH_MAX = 16;
/** Schema objects in one schema: the work for one body is at most its values times this. */
const NODES_MAX = 300;
const PATTERN_CHARS_MAX = 300;
/** What the patterns of one schema compile to, all together: `\\pL{300}` is 300. Compiling so much takes some ten ms. */
const PATTERN_STEPS_MAX = 10_000;
const ENUM_MAX = 500;
/** Comparing every pair is quadratic. */
const UNIQUE_ITEMS_MAX = 256;
/** A check that surely takes no more steps than this, about a millisecond, needs no timer. */
const UNTIMED_STEPS_MAX = 200_000;
/** Nobody else is served meanwhile. A megabyte against a usual schema takes a tenth of it. */
const CHECK_MS_MAX = 200;
/** A schema that used up its time is given none for so long, twice as long each further time. */
const PAUSE_MS_MIN = 2_000;
const PAUSE_MS_MAX = 10 * 60_000;
/** Compiled schemas that are kept, and all of their text. */
const KEPT_MAX = 500;
const KEPT_CHARS_MAX = 8 * 2 ** 20;

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
const FORMATS = ['date-time', 'date', 'time', 'email', 'hostname', 'ipv4', 'ipv6', 'uri', 'uuid'] as const;

/** Every keyword that a plugin's schema may use, for the documentation. */
export const GUEST_SCHEMA_KEYWORDS: readonly string[] = [
  ...PLAIN_KEYWORDS,
  ...SCHEMA_KEYWORDS,
  ...SCHEMA_LIST_KEYWORDS,
  ...SCHEMA_MAP_KEYWORDS,
].sort();

/** `ajv` compiles patterns through this instead of RegExp. */
const linearTimeEngine = Object.assign(
  (pattern: string, _flags: string) => {
    const compiled = RE2JS.compile(pattern);
    return {
      test: (text: string): boolean => compiled.matcher(text).find(),
      // ajv keeps one compiled pattern for each distinct text of it.
      toString: (): string => `/${pattern}/`,
    };
  },
  { code: 'linearTimeEngine' },
);

/** In the place of patterns that were compiled before, one by one, where the code around them alone is in question. */
const noEngine = Object.assign(
  (pattern: string) => ({ test: (): boolean => true, toString: (): string => `/${pattern}/` }),
  { code: 'noEngine' },
);

/** @param meta whether it can say if a schema is one: to compile the meta-schemas costs more than all the rest */
function newAjv(
  meta: 'withMetaSchemas' | 'withoutMetaSchemas',
  errors: 'allErrors' | 'firstError',
  engine: typeof linearTimeEngine | typeof noEngine = linearTimeEngine,
): Ajv2020 {
  const ajv = new Ajv2020({
    meta: meta === 'withMetaSchemas',
    validateSchema: meta === 'withMetaSchemas',
    allErrors: errors === 'allErrors',
    strict: false,
    ownProperties: true,
    validateFormats: true,
    // Optimizing takes half of the time of compiling, and gains nothing that can be measured in a check.
    code: { regExp: engine as never, optimize: false },
  });
  compareAsJson(ajv);
  (addFormats as unknown as (ajv: Ajv2020, formats: readonly string[]) => void)(ajv, FORMATS);
  return ajv;
}

/**
 * @param schema a schema of a manifest, already strict JSON
 * @param at JSON pointer of the schema in its document
 * @returns each breach of the limits, empty when the schema may be compiled
 */
export function checkGuestSchema(schema: JsonObject, at: string): Violation[] {
  const faults: Violation[] = [];
  const pending: { node: JsonValue; at: string; depth: number }[] = [{ node: schema, at, depth: 1 }];
  let nodes = 0;
  while (pending.length > 0 && faults.length < 20) {
    const next = pending.pop();
    if (!next) break;
    nodes += 1;
    if (nodes > NODES_MAX)
      return [...faults, { pointer: at, message: `the schema has more than ${NODES_MAX} parts` }];
    if (next.depth > DEPTH_MAX)
      faults.push({ pointer: next.at, message: `the schema nests deeper than ${DEPTH_MAX}` });
    else if (isObject(next.node)) pending.push(...checkNode(next.node, next.at, next.depth, faults));
    else if (typeof next.node !== 'boolean')
      faults.push({ pointer: next.at, message: 'a schema is an object or a boolean' });
  }
  return faults.length > 0 ? faults : (patternsFault(schema, at) ?? compileFault(schema, at));
}

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

/**
 * A compiled schema: violations of a value, empty when it fits. All of them where that is cheap; else the first one, or
 * that no more time was to be had.
 */
export type GuestValidator = (value: JsonValue) => Violation[];

/** By the schema's own text: manifests are read anew for each call. */
const kept = new Map<string, GuestValidator>();
let keptChars = 0;

/** Compiles it with the first check. @param schema one that `checkGuestSchema` found sound */
export function compileGuestSchema(schema: JsonObject): GuestValidator {
  const text = JSON.stringify(schema);
  const known = kept.get(text);
  if (known) return known;
  const made = createValidator(schema);
  kept.set(text, made);
  keptChars += text.length;
  for (const [oldest] of kept) {
    if (kept.size <= KEPT_MAX && keptChars <= KEPT_CHARS_MAX) break;
    kept.delete(oldest);
    keptChars -= oldest.length;
  }
  return made;
}

function createValidator(schema: JsonObject): GuestValidator {
  const pace = createPace();
  let cost: SchemaCost | undefined;
  let exact: ValidateFunction | undefined;
  let quick: ValidateFunction | undefined;

  const checkInTime = (value: JsonValue): Violation[] => {
    if (pace.isPausing()) return [TOO_LONG];
    const validate = (quick ??= compile(schema, 'firstError'));
    const checked = withinTime(() => violationsOf(validate, value), CHECK_MS_MAX);
    if (checked.kind === 'done') {
      pace.forgive();
      return checked.result;
    }
    // It was interrupted somewhere: what it remembers is not to be relied upon.
    quick = undefined;
    pace.pause();
    return [TOO_LONG];
  };
  return (value) => {
    cost ??= costOf(schema);
    if (!isCheap(value, cost, UNTIMED_STEPS_MAX)) return checkInTime(value);
    return violationsOf((exact ??= compile(schema, 'allErrors')), value);
  };
}

/** A name in a value may be as long as all of it, and every violation below it begins with it. */
const POINTER_CHARS_MAX = 500;
const NAME_CHARS_MAX = 200;

const TOO_LONG: Violation = { pointer: '', message: 'takes too long to check against its schema' };
const TOO_DEEP: Violation = { pointer: '', message: 'is nested too deeply to be compared' };

function createPace(): { isPausing(): boolean; pause(): void; forgive(): void } {
  let pauseMs = PAUSE_MS_MIN;
  let untilMs = 0;
  return {
    isPausing: () => performance.now() < untilMs,
    pause() {
      untilMs = performance.now() + pauseMs;
      pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2);
    },
    forgive() {
      pauseMs = PAUSE_MS_MIN;
    },
  };
}

function compile(schema: JsonObject, errors: 'allErrors' | 'firstError'): ValidateFunction {
  return newAjv('withoutMetaSchemas', errors).compile(schema);
}

function violationsOf(validate: ValidateFunction, value: JsonValue): Violation[] {
  try {
    return validate(value) ? [] : (validate.errors ?? []).slice(0, 50).map(toViolation);
  } catch (error) {
    // Values are compared with each other, for `uniqueItems`, as deep as they go.
    if (error instanceof RangeError) return [TOO_DEEP];
    throw error;
  }
}

function costOf(schema: JsonObject): SchemaCost {
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

export function toViolation(error: ErrorObject): Violation {
  const property = error.params['additionalProperty'] as string | undefined;
  const suffix = property === undefined ? '' : ` (${JSON.stringify(property.slice(0, NAME_CHARS_MAX))})`;
  const pointer = error.instancePath.slice(0, POINTER_CHARS_MAX);
  return { pointer, message: `${error.message ?? 'is not valid'}${suffix}` };
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
