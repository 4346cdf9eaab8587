import fc from 'fast-check';
import { compare, satisfies, SemVer } from 'semver';
import { describe, expect, test } from 'vitest';
import { readRange } from '../../spec/version.ts';
import { matchRange, pinnedVersion, requireRange } from './range.ts';

const small = fc.integer({ min: 0, max: 3 });
const release = fc.tuple(small, small, small).map((parts) => parts.join('.'));
const tag = fc.constantFrom('', '', '', '-0', '-alpha', '-alpha.1', '-rc.2');
const version = fc.tuple(release, tag).map(([core, pre]) => core + pre);
const partial = fc.oneof(version, fc.constantFrom('*', '1', '1.x', '2.1', '0', '0.0', 'x.1'));
const comparator = fc
  .tuple(fc.constantFrom('', '=', '^', '~', '>', '>=', '<', '<='), partial)
  .map((all) => all.join(''));
const simple = fc.oneof(
  fc.array(comparator, { minLength: 1, maxLength: 3 }).map((all) => all.join(' ')),
  fc.tuple(partial, partial).map((all) => all.join(' - ')),
);
const ranges = fc.array(simple, { minLength: 1, maxLength: 3 }).map((all) => all.join(' || '));

describe('a range', () => {
  test('matches exactly the versions that node-semver says', () => {
    fc.assert(
      fc.property(ranges, fc.uniqueArray(version, { maxLength: 30 }), (text, texts) => {
        const range = readRange(text);
        if (range === undefined) return;
        const versions = texts.map((one) => new SemVer(one)).sort(compare);
        const matched = [...matchRange(range, versions)]
          .sort((a, b) => a - b)
          .map((i) => versions[i]?.version);
        expect(matched).toEqual(versions.map((one) => one.version).filter((one) => satisfies(one, text)));
      }),
      { numRuns: 3_000 },
    );
  });

  test.each([
    ['1.2.3', '1.2.3'],
    ['=1.2.3', '1.2.3'],
    [' v1.2.3-rc.1 ', '1.2.3-rc.1'],
    ['^1.2.3', undefined],
    ['1.2', undefined],
    ['*', undefined],
    ['', undefined],
    ['>=1.2.3 <=1.2.3', undefined],
    ['1.2.3 || 1.2.4', undefined],
  ])('%j pins %s', (text, pinned) => {
    expect(pinnedVersion(requireRange(text, 'a'))).toBe(pinned);
  });

  test.each([
    'nonsense',
    '>=',
    '1.0.0.0',
    '1 2 || >',
    'x'.repeat(257),
    `>=1 ${' '.repeat(300)}<2`,
    '>=1\n<2',
    '=1.0.0-99999999999999999999',
  ])('is refused where it is none: %j', (text) => {
    expect(readRange(text)).toBeUndefined();
    expect(() => requireRange(text, 'a')).toThrow(expect.objectContaining({ code: 'range_invalid' }));
  });

  test('is shown cut in a refusal', () => {
    expect(() => requireRange('?'.repeat(100_000), 'a')).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{1,200}$/u) }),
    );
  });
});
