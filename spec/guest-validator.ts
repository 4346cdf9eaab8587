/**
 * Values against the schemas of strangers, in the server: bounded by what a check may cost, and by its time where that
 * cannot be told before.
 */
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { newAjv } from './guest-ajv.ts';
import { costOf } from './guest-schema.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { createOvertime, type Overtime } from './overtime.ts';
import type { Violation } from './refusal.ts';
import { isCheap, type SchemaCost } from './schema-cost.ts';
import { withinTime } from './within-time.ts';

/** A check that surely takes no more steps than this, about a millisecond, needs no timer. */
const UNTIMED_STEPS_MAX = 200_000;
/** Nobody else is served meanwhile. A megabyte against a usual schema takes a tenth of it. */
const CHECK_MS_MAX = 200;
/**
 * Processor time that each check may have, however many there are; what it takes beyond is overtime, of which there is
 * a share for one schema, and one for all of them: else a plugin whose every answer takes 150 ms to check would have
 * the server for itself.
 */
const PLAIN_MS_MAX = 25;
const OVERTIME_OF_ONE = { lentMsMax: 500, share: 0.1 };
const OVERTIME_OF_ALL = { lentMsMax: 1_000, share: 0.2 };
/** How long a check may last while all overtime is used up: PLAIN_MS_MAX with half a processor. */
const SCARCE_MS_MAX = 2 * PLAIN_MS_MAX;
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

/** Clocks in milliseconds, one that runs and the processor time of this thread, and what ends a check by the first. */
export type CheckClocks = {
  readonly nowMs: () => number;
  readonly cpuMs: () => number;
  readonly within: typeof withinTime;
};

const CLOCKS: CheckClocks = {
  nowMs: () => performance.now(),
  cpuMs: () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  },
  within: withinTime,
};

/** What all schemas of this process share. */
const overtimeOfAll = createOvertime(OVERTIME_OF_ALL, CLOCKS.nowMs);

/** By the schema's own text: manifests are read anew for each call. */
const kept = new Map<string, GuestValidator>();
let keptChars = 0;

/** Compiles it with the first check. @param schema one that `checkGuestSchema` found sound */
export function compileGuestSchema(schema: JsonObject): GuestValidator {
  const text = JSON.stringify(schema);
  const known = kept.get(text);
  if (known) return known;
  const made = createGuestValidator(schema, CLOCKS, overtimeOfAll);
  kept.set(text, made);
  keptChars += text.length;
  for (const [oldest] of kept) {
    if (kept.size <= KEPT_MAX && keptChars <= KEPT_CHARS_MAX) break;
    kept.delete(oldest);
    keptChars -= oldest.length;
  }
  return made;
}

/** @param ofAll shared with other schemas, by the same clock */
export function createGuestValidator(
  schema: JsonObject,
  { nowMs, cpuMs, within }: CheckClocks,
  ofAll: Overtime = createOvertime(OVERTIME_OF_ALL, nowMs),
): GuestValidator {
  const pace = createPace(nowMs);
  const ofThis = createOvertime(OVERTIME_OF_ONE, nowMs);
  let cost: SchemaCost | undefined;
  let exact: ValidateFunction | undefined;
  let quick: ValidateFunction | undefined;

  const checkInTime = (value: JsonValue): Violation[] => {
    if (pace.isPausing() || ofThis.isUsedUp()) return [TOO_LONG];
    const validate = (quick ??= compile(schema, 'firstError'));
    const startedMs = cpuMs();
    const wallTimeMsMax = ofAll.isUsedUp() ? SCARCE_MS_MAX : CHECK_MS_MAX;
    const checked = within(() => violationsOf(validate, value), wallTimeMsMax);
    const overtimeMs = Math.max(0, cpuMs() - startedMs - PLAIN_MS_MAX);
    ofThis.spend(overtimeMs);
    ofAll.spend(overtimeMs);
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

function createPace(nowMs: () => number): { isPausing(): boolean; pause(): void; forgive(): void } {
  let pauseMs = PAUSE_MS_MIN;
  let untilMs = 0;
  return {
    isPausing: () => nowMs() < untilMs,
    pause() {
      untilMs = nowMs() + pauseMs;
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
