import { expect, test } from 'vitest';

import { normaliseData } from './normalise.ts';

const marks = (count: number): string => `a${'\u0315\u0300'.repeat(count / 2)}`;

test('combining characters are brought into order, as many as a language has', () => {
  expect(normaliseData({ name: marks(30) }, {})).toMatchObject({
    kind: 'data',
    data: { name: `à${'\u0300'.repeat(14)}${'\u0315'.repeat(15)}` },
  });
});

test.each([
  ['a text', { name: marks(32) }],
  ['a text that is as long as a row may be', { name: marks(90_000) }],
  ['a name inside', { more: { [marks(32)]: 1 } }],
])('more of them in a row in %s are a fault', (_where, data) => {
  expect(normaliseData(data, {})).toMatchObject({
    kind: 'faults',
    faults: [{ message: 'holds more than 30 combining characters in a row' }],
  });
});
