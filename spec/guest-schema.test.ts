import { describe, expect, it } from 'vitest';
import { checkGuestSchema, compileGuestSchema } from './guest-schema.ts';

describe('schemas of strangers', () => {
  it('report every violation of a value', () => {
    const validate = compileGuestSchema({
      type: 'object',
      additionalProperties: false,
      required: ['a'],
      properties: { a: { type: 'integer' }, b: { type: 'string', pattern: '^x+$' } },
    });
    expect(validate({ a: 1, b: 'xx' })).toEqual([]);
    expect(
      validate({ b: 'y', c: 1 })
        .map(({ pointer }) => pointer)
        .sort(),
    ).toEqual(['', '', '/b']);
  });

  it('match their patterns in linear time', () => {
    const validate = compileGuestSchema({ type: 'string', pattern: '^(a+)+$' });
    const started = performance.now();
    expect(validate(`${'a'.repeat(20_000)}!`)).toHaveLength(1);
    // A backtracking engine would need longer than the universe has; any finite bound tells the two apart.
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it.each([
    ['$ref', { $ref: '#/x' }],
    ['$dynamicRef', { $dynamicRef: '#x' }],
    ['an unknown keyword', { patternProperties: {} }],
    ['look-ahead', { pattern: '(?=a)' }],
    ['uniqueItems without a bound', { type: 'array', uniqueItems: true }],
    ['a type that is none', { type: 'strin' }],
    ['deep nesting', JSON.parse(`${'{"items":'.repeat(30)}{}${'}'.repeat(30)}`)],
    ['many parts', { allOf: Array.from({ length: 400 }, () => ({ type: 'string' })) }],
  ])('refuse %s', (_trick, schema) => {
    expect(checkGuestSchema(schema, '/config').length).toBeGreaterThan(0);
  });
});
