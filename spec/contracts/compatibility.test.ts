import { describe, expect, it } from 'vitest';
import { checkGuestSchema } from '../guest-schema.ts';
import { assertContracts, CONTRACTS, nearestContract, RELEASED_CONTRACTS } from './catalogue.ts';
import { breakingChanges } from './compatibility.ts';
import { listOf, shape, text, type Contract, type ContractAction } from './contract.ts';

const action: ContractAction = {
  summary: 'Greets.',
  input: shape({ name: text(10) }, { tags: listOf(text(5), 3) }),
  output: shape({ greeting: text(20) }),
  errors: { nobody_there: 'Nobody is there.' },
};
const BEFORE: Contract = { id: 'greeter@1', summary: 'Greets.', actions: { greet: action } };
const withAction = (change: Partial<ContractAction>): Contract => ({
  ...BEFORE,
  actions: { greet: { ...action, ...change } },
});

describe('within a major version', () => {
  it.each([
    ['nothing new', {}],
    [
      'other words',
      { summary: 'Says hello.', input: shape({ name: text(10, 'Whom.') }, { tags: listOf(text(5), 3) }) },
    ],
    ['an optional property', { output: shape({ greeting: text(20) }, { language: text(5) }) }],
    ['an error', { errors: { ...action.errors, asleep: 'They sleep.' } }],
  ])('may come %s', (_what, change) => {
    expect(breakingChanges(BEFORE, withAction(change))).toEqual([]);
  });

  it.each([
    [
      'a required property',
      { input: shape({ name: text(10), age: text(3) }, { tags: listOf(text(5), 3) }) },
      'age is required now',
    ],
    [
      'a property that goes',
      { input: shape({ name: text(10) }) },
      '/actions/greet/input/properties/tags is gone',
    ],
    [
      'one that need not be',
      { output: shape({}, { greeting: text(20) }) },
      'greeting is not required any more',
    ],
    ['a narrower one', { output: shape({ greeting: text(19) }) }, '/maxLength was 20 and is 19'],
    ['a wider one', { output: shape({ greeting: text(21) }) }, '/maxLength was 20 and is 21'],
    [
      'a limit that goes',
      { output: shape({ greeting: { type: 'string' } }) },
      '/maxLength was 20 and is not there',
    ],
    [
      'another type within a list',
      { input: shape({ name: text(10) }, { tags: listOf({ type: 'integer' }, 3) }) },
      'items/type',
    ],
    [
      'an object that opens',
      { output: { ...action.output, additionalProperties: true } },
      'additionalProperties',
    ],
    ['an error that goes', { errors: {} }, '/errors/nobody_there is gone'],
  ])('must not come %s', (_what, change, difference) => {
    const differences = breakingChanges(BEFORE, withAction(change));
    expect(differences.map(({ pointer, message }) => `${pointer} ${message}`).join('; ')).toContain(
      difference,
    );
  });

  it('must not come or go an action', () => {
    const two = { ...BEFORE, actions: { greet: action, part: action } };
    expect(breakingChanges(BEFORE, two)).toMatchObject([{ pointer: '/actions/part' }]);
    expect(breakingChanges(two, BEFORE)).toMatchObject([{ pointer: '/actions/part' }]);
    expect(breakingChanges(BEFORE, undefined)).toMatchObject([{ message: 'is gone' }]);
  });
});

describe('the contracts of Souk', () => {
  it('keep what was released, and each of them is released', () => {
    assertContracts();
    expect(RELEASED_CONTRACTS.map(({ id }) => id).sort()).toEqual(CONTRACTS.map(({ id }) => id));
  });

  it.each(
    CONTRACTS.flatMap(({ id, actions }) =>
      Object.entries(actions).map(([name, each]) => ({ id, name, each })),
    ),
  )('$id $name has schemas that the engine for strangers takes', ({ each }) => {
    expect([...checkGuestSchema(each.input, ''), ...checkGuestSchema(each.output, '')]).toEqual([]);
  });

  it('are found by what was meant', () => {
    expect(nearestContract('communication@2')).toBe('communication@1');
    expect(nearestContract('comunication@1')).toBe('communication@1');
    expect(nearestContract('weather@1')).toBeUndefined();
  });
});
