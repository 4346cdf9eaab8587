/** What it may cost at most to check a value against a schema, known before: the usual check needs no timer. */
import type { JsonValue } from './json.ts';

/** Steps of some nanoseconds for each value, and for each character of text and names. */
export type SchemaCost = {
  readonly perValue: number;
  readonly perCharacter: number;
  /** Of all patterns together, for one character. */
  readonly patternSteps: number;
};

export type CostRules = {
  /** Of one pattern, for one character. */
  readonly stepsOf: (pattern: string) => number;
  /** How often `uniqueItems` may look at one value. */
  readonly comparisons: number;
};

/** A part that fails and is tried on (`anyOf`) makes an error object each time. */
const STEPS_PER_PART = 20;
/** Lengths are counted in code points; formats are expressions that look at a character some times. */
const CHARACTER_STEPS: ReadonlyMap<string, number> = new Map([
  ['maxLength', 1],
  ['minLength', 1],
  ['format', 4],
]);

/**
 * Without references a schema is a tree, and each of its parts looks at one value at most once: so no value costs more
 * than all parts together, names and constants in them included.
 */
export function costOfSchema(schema: JsonValue, { stepsOf, comparisons }: CostRules): SchemaCost {
  let parts = 0;
  let patternSteps = 0;
  let characterSteps = 0;
  let factor = 1;
  const pending: JsonValue[] = [schema];
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    parts += 1;
    if (typeof part !== 'object' || part === null) continue;
    for (const [key, value] of Object.entries(part)) {
      pending.push(value);
      characterSteps += CHARACTER_STEPS.get(key) ?? 0;
      if (key === 'pattern' && typeof value === 'string') patternSteps += stepsOf(value);
      if (key === 'uniqueItems') factor = comparisons;
    }
  }
  return {
    perValue: parts * STEPS_PER_PART * factor,
    perCharacter: (patternSteps + characterSteps) * factor,
    patternSteps,
  };
}

/** Whether a check of the value surely takes no more than so many steps. */
export function isCheap(value: JsonValue, { perValue, perCharacter }: SchemaCost, stepsMax: number): boolean {
  let steps = 0;
  const pending: JsonValue[] = [value];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    steps += perValue;
    if (typeof next === 'string') steps += next.length * perCharacter;
    else if (Array.isArray(next)) {
      if (steps + next.length * perValue > stepsMax) return false;
      pending.push(...next);
    } else if (typeof next === 'object' && next !== null) {
      for (const [name, child] of Object.entries(next)) {
        steps += perValue + name.length * perCharacter;
        if (steps > stepsMax) return false;
        pending.push(child);
      }
    }
    if (steps > stepsMax) return false;
  }
  return true;
}
