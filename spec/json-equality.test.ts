import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isSameJson } from './json-equality.ts';
import type { JsonValue } from './json.ts';

const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);

it('says of JSON what a comparison part by part says', () => {
  fc.assert(
    fc.property(json, json, (left, right) => {
      expect(isSameJson(left, structuredClone(left))).toBe(true);
      expect(isSameJson(left, right)).toBe(isDeepStrictEqual(left, right));
    }),
    { numRuns: 1_000 },
  );
});

it.each([
  [{ a: undefined as never }, { b: null }],
  [{ length: 0 }, []],
  [{ toString: null }, {}],
  [null, {}],
  ['1', 1],
] satisfies [JsonValue, JsonValue][])('tells %j from %j', (left, right) => {
  expect(isSameJson(left, right)).toBe(false);
});
