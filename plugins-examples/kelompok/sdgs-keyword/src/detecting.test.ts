/** Words that tell a goal, and words that only look like them. */
import { expect, it } from 'vitest';
import { detectGoals } from './detecting.ts';
import { GOALS } from './goals.ts';
import { publicText } from './profile.ts';

const goals = (text: string, wordsMin = 1) => detectGoals(text, wordsMin).map(({ goal }) => goal);

it('has seventeen goals, and finds each by every word of its own', () => {
  expect(GOALS.map(({ goal }) => goal)).toEqual(Array.from({ length: 17 }, (_, at) => at + 1));
  for (const { goal, keywords } of GOALS)
    for (const keyword of keywords) expect(goals(`A, ${keyword.replace('*', '')}.`)).toContain(goal);
});

it.each([
  ['Air bersih dan sanitasi untuk desa', [6]],
  ['We plant FORESTS against\nglobal   warming', [13, 15]],
  ['Fair, unbiased lautan and gurus', []],
  ['Pendidikan\u0301 anak', []],
  ['', []],
])('%s', (text, expected) => {
  expect(goals(text)).toEqual(expected);
});

it('is as sure as it has words', () => {
  const text = 'climate, carbon and iklim';
  expect(detectGoals(text, 1)).toMatchObject([
    { goal: 13, words: ['climate', 'carbon', 'iklim'], confidence: 1 },
  ]);
  expect(goals(text, 4)).toEqual([]);
});

it('reads what is public, and not its own tags', () => {
  const data = {
    name: 'A',
    description: 'b',
    email: 'forest@x',
    tags: ['c', 'SDG 13: Climate action'],
    legalName: 'x',
  };
  expect(publicText('organization', data)).toBe('A\nb\nc');
  expect(publicText('member', { name: 'Ada' })).toBeNull();
  expect(publicText('constructor', {})).toBeNull();
});
