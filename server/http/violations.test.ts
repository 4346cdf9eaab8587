import { Ajv2020 } from 'ajv/dist/2020.js';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { violationsOf } from './violations.ts';

const mode = Type.Union([Type.Literal('one'), Type.Literal('all')]);
const Schema = Type.Object({
  mode,
  modes: Type.Array(mode),
  mixed: Type.Union([Type.Literal('x'), Type.Null()]),
});
const check = new Ajv2020({ allErrors: true, strict: false }).compile(Schema);
const sound = { mode: 'one', modes: [], mixed: null };

function found(value: object): object[] {
  expect(check({ ...sound, ...value })).toBe(false);
  return violationsOf(check.errors ?? [], '/query');
}

describe('violationsOf', () => {
  it.each(['xyz', 3, null])('names the words of a choice in one sentence: %j', (value) => {
    expect(found({ mode: value })).toEqual([
      { pointer: '/query/mode', message: 'must be one of "one", "all"' },
    ]);
  });

  it('does so for each place, and for no other', () => {
    const modes = Array.from({ length: 11 }, (_, index) => (index % 10 === 1 ? 'xyz' : 'one'));
    modes.push('xyz');
    expect(found({ modes }).map((violation) => 'pointer' in violation && violation.pointer)).toEqual([
      '/query/modes/1',
      '/query/modes/11',
    ]);
  });

  it('leaves other choices as they are', () => {
    expect(found({ mixed: 3 }).length).toBeGreaterThan(1);
  });

  it('is brief, however much is wrong', () => {
    expect(found({ modes: Array.from({ length: 50_000 }, () => 'xyz') }).length).toBeLessThanOrEqual(20);
  });
});
