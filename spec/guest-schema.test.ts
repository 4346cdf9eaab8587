import { describe, expect, it, vi } from 'vitest';
import type { JsonObject, JsonValue } from './json.ts';
import { newAjv } from './guest-ajv.ts';
import { checkGuestSchema } from './guest-schema.ts';
import { compileGuestSchema, createGuestValidator, type CheckClocks } from './guest-validator.ts';
import { createOvertime } from './overtime.ts';
import { withinTime } from './within-time.ts';

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `name${index}`);
const parts = (count: number, length: number): JsonObject => ({
  properties: Object.fromEntries(
    names(count).map((name) => [
      name.padEnd(length, 'x'),
      { type: 'string', title: name, minLength: 1, maxLength: 9, format: 'email' },
    ]),
  ),
});

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

  it('name where a violation is in few characters, however long the names are', () => {
    const validate = compileGuestSchema({
      additionalProperties: { additionalProperties: { type: 'string' } },
    });
    const numbers = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`n${index}`, index]));
    const violations = validate({ ['long '.repeat(50_000)]: numbers });
    expect(violations).toHaveLength(50);
    expect(JSON.stringify(violations).length).toBeLessThan(50_000);
    const strict = compileGuestSchema({ additionalProperties: false });
    expect(JSON.stringify(strict({ ['long '.repeat(50_000)]: 1 })).length).toBeLessThan(1_000);
  });

  it.each<[JsonObject, JsonValue, JsonValue]>([
    [{ enum: [{ toString: 1 }, 1] }, { toString: 1 }, { toString: 2 }],
    [{ const: { valueOf: 'x', constructor: {} } }, { valueOf: 'x', constructor: {} }, { valueOf: 'x' }],
    [
      { uniqueItems: true, maxItems: 9 },
      [{ toString: 1 }, { toString: 2 }],
      [{ toString: 1 }, { toString: 1 }],
    ],
    [
      { uniqueItems: true, maxItems: 9 },
      [{ constructor: {} }, {}],
      [{ constructor: {} }, { constructor: {} }],
    ],
    [
      { uniqueItems: true, maxItems: 9 },
      [1, '1', [1], ['1'], null, {}, []],
      [[{ a: 1, b: 2 }], [{ b: 2, a: 1 }]],
    ],
    [{ uniqueItems: true, maxItems: 9 }, [0, false, '', null], [0, -0]],
    [{ const: 0 }, -0, null],
  ])('compare values by what they hold: %j', (schema, fitting, other) => {
    expect(checkGuestSchema(schema, '')).toEqual([]);
    const validate = compileGuestSchema(schema);
    expect(validate(fitting)).toEqual([]);
    expect(validate(other)).toHaveLength(1);
  });

  it('with an empty list of values let nothing through', () => {
    expect(checkGuestSchema({ enum: [] }, '')).toEqual([]);
    expect(compileGuestSchema({ enum: [] })(1)).toHaveLength(1);
  });

  it('match their patterns in linear time', () => {
    const validate = compileGuestSchema({ type: 'string', pattern: '^(a+)+$' });
    const started = performance.now();
    expect(validate(`${'a'.repeat(20_000)}!`)).toHaveLength(1);
    // A backtracking engine would need longer than the universe has; any finite bound tells the two apart.
    expect(performance.now() - started).toBeLessThan(50_000);
  });

  describe('on values that make them expensive', () => {
    const numbers = (count: number): number[] => Array.from({ length: count }, () => 1);
    const messagesOf = (schema: JsonObject, value: JsonValue): string[] => {
      expect(checkGuestSchema(schema, '')).toEqual([]);
      return compileGuestSchema(schema)(value).map(({ message }) => message);
    };

    it('name the first violation only', () => {
      const items = { allOf: Array.from({ length: 100 }, () => ({ type: 'string' })) };
      expect(messagesOf({ items }, numbers(100_000))).toEqual(['must be string']);
    });

    it('do not compare items of which there are too many', () => {
      const schema = { maxItems: 256, uniqueItems: true };
      expect(
        messagesOf(
          schema,
          numbers(100_000).map((n) => [n]),
        ),
      ).toEqual(['must NOT have more than 256 items']);
    });

    it('do not fail for want of stack', () => {
      const deepText = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
      const deep = JSON.parse(deepText) as JsonValue;
      expect(
        messagesOf({ maxItems: 2, uniqueItems: true }, [deep, JSON.parse(deepText) as JsonValue]),
      ).toEqual(['is nested too deeply to be compared']);
    });

    it('stop when their time is over, rest, and judge small values meanwhile', () => {
      const tried = Array.from({ length: 250 }, (_, index) => ({ type: 'string', maxLength: index }));
      const validate = compileGuestSchema({ items: { anyOf: [...tried, { type: 'number' }] } });
      const late = [{ pointer: '', message: 'takes too long to check against its schema' }];
      expect(validate(numbers(500_000))).toEqual(late);
      expect(validate(numbers(1_000))).toEqual(late);
      expect(validate(numbers(10))).toEqual([]);
      expect(validate([true]).length).toBeGreaterThan(1);
    });
  });

  describe('whose every check takes long', () => {
    // Too many to be judged without a timer, and quick in truth: what they take is what the clocks say.
    const many: JsonValue = Array.from({ length: 50_000 }, () => 1);
    const late = 'takes too long to check against its schema';
    const onClocks = (cpuMsPerCheck: number) => {
      const time = { nowMs: 0, cpuMs: 0 };
      const cpuMs = (): number => (time.cpuMs += cpuMsPerCheck);
      const clocks = { nowMs: () => time.nowMs, cpuMs, within: withinTime };
      const check = createGuestValidator({ items: { type: 'number' } }, clocks);
      return { time, messages: () => check(many).map(({ message }) => message) };
    };

    it('get a share of the time, and more when some has passed', () => {
      const { time, messages } = onClocks(125);
      for (let before = 0; before < 5; before++) expect(messages()).toEqual([]);
      expect(messages()).toEqual([late]);
      time.nowMs += 100;
      expect(messages()).toEqual([]);
      expect(messages()).toEqual([late]);
    });

    it('spend what all schemas share, and are ended sooner while that is used up', () => {
      const time = { cpuMs: 0 };
      const limits: number[] = [];
      const clocks: CheckClocks = {
        nowMs: () => 0,
        cpuMs: () => (time.cpuMs += 125),
        within(work, wallTimeMsMax) {
          limits.push(wallTimeMsMax);
          return withinTime(work, wallTimeMsMax);
        },
      };
      const ofAll = createOvertime({ lentMsMax: 1_000, share: 0.2 }, clocks.nowMs);
      for (const type of ['number', 'integer']) {
        const check = createGuestValidator({ items: { type } }, clocks, ofAll);
        expect(ofAll.isUsedUp()).toBe(false);
        for (let before = 0; before < 5; before++) expect(check(many)).toEqual([]);
      }
      expect(ofAll.isUsedUp()).toBe(true);
      expect(createGuestValidator({ items: { type: 'null' } }, clocks, ofAll)(many)).toHaveLength(1);
      expect(limits).toEqual([...Array.from({ length: 10 }, () => 200), 50]);
    });

    it('are never refused for what every check may take', () => {
      const { messages } = onClocks(25);
      for (let before = 0; before < 100; before++) expect(messages()).toEqual([]);
    });
  });

  it('take no number that JSON has not', () => {
    const beyond = JSON.parse('1e999') as number;
    for (const type of ['number', 'integer'])
      expect(compileGuestSchema({ type })(beyond).map(({ message }) => message)).toEqual([`must be ${type}`]);
  });

  it('are compiled once for each text', () => {
    const schema = { type: 'string', maxLength: 7 };
    expect(compileGuestSchema(structuredClone(schema))).toBe(compileGuestSchema(schema));
  });

  it.each([
    ['$ref', { $ref: '#/x' }],
    ['$dynamicRef', { $dynamicRef: '#x' }],
    ['an unknown keyword', { patternProperties: {} }],
    ['look-ahead', { pattern: '(?=a)' }],
    ['uniqueItems without a bound', { type: 'array', uniqueItems: true }],
    ['a type that is none', { type: 'strin' }],
    ['deep nesting', JSON.parse(`${'{"items":'.repeat(30)}{}${'}'.repeat(30)}`)],
    [
      'patterns that compile to much',
      { allOf: Array.from({ length: 12 }, () => ({ pattern: '\\pL{999}' })) },
    ],
    ['a long name above many parts', { properties: { ['x'.repeat(1_000)]: parts(250, 8) } }],
    ['many names that depend on one', { dependentRequired: { a: names(1_000) } }],
    [
      'many names on which one depends',
      { dependentRequired: Object.fromEntries(names(2_000).map((name) => [name, ['a']])) },
    ],
    ['long lists of names', { allOf: Array.from({ length: 200 }, () => ({ required: names(200) })) }],
    ['many parts', { allOf: Array.from({ length: 400 }, () => ({ type: 'string' })) }],
  ])('refuse %s', (_trick, schema) => {
    expect(checkGuestSchema(schema, '/config').length).toBeGreaterThan(0);
  });

  it('may have many parts with names of a usual length', () => {
    expect(checkGuestSchema({ ...parts(290, 60), required: names(290) }, '/config')).toEqual([]);
  });

  it('leave the log of the server alone, to which the compiler writes all the code that it cannot compile', () => {
    const log = vi.spyOn(console, 'error').mockReturnValue();
    newAjv('withoutMetaSchemas', 'firstError').logger.error('code');
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  });
});
