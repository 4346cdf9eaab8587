/**
 * Values against the schemas of strangers, in the server: bounded by what a check may cost, and by its time where that
 * cannot be told before.
 */
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { newAjv } from './guest-ajv.ts';
import { costOf } from './guest-schema.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { Violation } from './refusal.ts';
import { isCheap, type SchemaCost } from './schema-cost.ts';
import { withinTime } from './within-time.ts';

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

export function toViolation(error: ErrorObject): Violation {
  const property = error.params['additionalProperty'] as string | undefined;
  const suffix = property === undefined ? '' : ` (${JSON.stringify(property.slice(0, NAME_CHARS_MAX))})`;
  const pointer = error.instancePath.slice(0, POINTER_CHARS_MAX);
  return { pointer, message: `${error.message ?? 'is not valid'}${suffix}` };
}
