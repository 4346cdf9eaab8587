import fc from 'fast-check';
import { compare, satisfies } from 'semver';
import { expect, test } from 'vitest';
import { Candidates } from './candidates.ts';
import { termText } from './phrase.ts';
import { recordOf } from './support/problem-literals.ts';
import { membersOf } from './version-set.ts';

const VERSIONS = ['0.1.0', '1.0.0-rc.1', '1.0.0', '1.1.0', '1.2.0-beta.2', '2.0.0-rc.1', '2.0.0', '3.0.0-0'];
const RANGES = ['*', '', 'x', '^1.0.0', '<2', '>=1.0.0-rc.1', '<=2.0.0', '1 - 2', '1.0.0 || 2.0.0-rc.1'];

/** The versions that a reader takes the text for, by the rules of docs/resolver.md, "Explanations". */
function readBack(text: string, versions: readonly string[]): string[] {
  if (text === 'a') return [...versions];
  const parts = text.slice('a '.length).split(' or ');
  return versions.filter((version) =>
    parts.some((part) => {
      const [range = ''] = part.split(' with prereleases');
      return range === part ? satisfies(version, range) : isInRun(version, range);
    }),
  );
}

/** `<=1.0.0`, `>=1.0.0` or `1.0.0 - 2.0.0`, by nothing but the order of versions. */
function isInRun(version: string, run: string): boolean {
  const [from, to] = run.startsWith('<=')
    ? ['0.0.0-0', run.slice(2)]
    : run.startsWith('>=')
      ? [run.slice(2), version]
      : run.split(' - ');
  return compare(version, from ?? '') >= 0 && compare(version, to ?? '') <= 0;
}

test('versions in words are those of the term, prereleases included', () => {
  fc.assert(
    fc.property(
      fc.subarray(VERSIONS, { minLength: 1 }),
      fc.subarray(RANGES),
      fc.subarray(VERSIONS, { minLength: 1 }),
      fc.option(fc.constantFrom(...RANGES)),
      (versions, rangesSeen, members, range) => {
        const candidates = new Candidates(
          'a',
          0,
          versions.map((version) => recordOf(version, {})),
        );
        for (const seen of rangesSeen) candidates.matching(seen);
        const listed = candidates.setOf(members.map((one) => versions.indexOf(one)).filter((at) => at >= 0));
        const set = (range === null ? undefined : candidates.matching(range)) ?? listed;
        const wanted = membersOf(set).map((index) => candidates.versions[index]?.version);
        fc.pre(wanted.length > 0);
        const text = termText({ candidates, set });
        expect(readBack(text, versions), text).toEqual(wanted);
      },
    ),
    { numRuns: 5_000 },
  );
});
