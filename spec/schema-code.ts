/** How much code a schema compiles to, known before: what makes it grow is not how many parts there are, but names. */
import type { JsonObject, JsonValue } from './json.ts';

const NESTED_CODE_CHARS = 1_000;

/**
 * Each keyword makes an error of its own, which holds its place in the schema and in the value as text. So one long name
 * comes back in the code of every keyword below it, and a list of names that depend on one is told in full for each. Each
 * name on which others depend nests the code of all that follow, for which there must be stack.
 * @param part one part of a schema, without those below it
 * @param placeChars how long the JSON pointer to it is
 * @returns characters of code, up to a factor
 */
export function codeCharsOf(part: JsonObject, placeChars: number): number {
  let chars = placeChars;
  for (const [keyword, value] of Object.entries(part)) {
    chars += placeChars;
    if (keyword === 'required') chars += lengthOf(value) * placeChars + textLengthOf(value);
    else if (keyword === 'dependentRequired' && typeof value === 'object' && value !== null)
      for (const names of Object.values(value))
        chars += NESTED_CODE_CHARS + lengthOf(names) * (placeChars + textLengthOf(names));
  }
  return chars;
}

function lengthOf(names: JsonValue): number {
  return Array.isArray(names) ? names.length : 0;
}

function textLengthOf(names: JsonValue): number {
  return JSON.stringify(names).length;
}
