/** What a validator says of a request, in the words of a problem document. */
import type { ErrorObject } from 'ajv/dist/2020.js';
import { toViolation } from '../../spec/guest-validator.ts';
import type { Violation } from '../../spec/refusal.ts';

/** Few enough to compare each with each. */
const ERRORS_MAX = 100;
/** More than anybody mends by at once. */
const VIOLATIONS_MAX = 20;

/** @param at what comes before each pointer: `/path`, `/query`, or nothing for a body */
export function violationsOf(errors: readonly ErrorObject[], at: string): Violation[] {
  return sumUpWords(errors.slice(0, ERRORS_MAX))
    .slice(0, VIOLATIONS_MAX)
    .map(toViolation)
    .map((violation) => ({ ...violation, pointer: at + violation.pointer }));
}

/** Where one of several words is wanted, ajv says of each that it is not there: one sentence with all of them says it. */
function sumUpWords(errors: readonly ErrorObject[]): ErrorObject[] {
  const choices = new Map(
    errors.flatMap((whole) => {
      const words = wordsOf(errors, whole);
      return words ? [[whole, words] as const] : [];
    }),
  );
  return errors
    .filter((error) => ![...choices.keys()].some((whole) => isPartOf(error, whole)))
    .map((error) => {
      const words = choices.get(error);
      return words ? { ...error, message: `must be one of ${words.join(', ')}` } : error;
    });
}

/** @returns the words, if each of the alternatives is one */
function wordsOf(errors: readonly ErrorObject[], whole: ErrorObject): string[] | null {
  if (whole.keyword !== 'anyOf') return null;
  const parts = errors.filter((error) => isPartOf(error, whole));
  const alternatives = Map.groupBy(parts, ({ schemaPath }) =>
    schemaPath.slice(0, schemaPath.lastIndexOf('/')),
  );
  const words = [...alternatives.values()].map((alternative) =>
    alternative.find((part) => isWord(part, whole)),
  );
  const values = words.flatMap((word) => (word ? [JSON.stringify(word.params['allowedValue'])] : []));
  return values.length > 0 && values.length === words.length ? values : null;
}

function isPartOf(error: ErrorObject, whole: ErrorObject): boolean {
  const isBelow = (path: string, above: string): boolean => path === above || path.startsWith(`${above}/`);
  return (
    error !== whole &&
    isBelow(error.schemaPath, whole.schemaPath) &&
    isBelow(error.instancePath, whole.instancePath)
  );
}

function isWord(part: ErrorObject, whole: ErrorObject): boolean {
  return part.keyword === 'const' && part.instancePath === whole.instancePath;
}
