import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseManifest } from './parse-manifest.ts';
import { Refusal, type Violation } from './refusal.ts';
import schema from './schemas/manifest-v1.schema.json' with { type: 'json' };
import { unsupportedParts } from './support.ts';

const SOUND = { manifestVersion: 1, id: 'acme/thing', version: '1.2.3', name: 'Thing', main: 'index.js' };

function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
}

function refusalOf(value: unknown): Refusal {
  try {
    parseManifest(value instanceof Uint8Array ? value : bytes(value));
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('it was taken');
}

function pointers(value: unknown): string[] {
  const refusal = refusalOf(value);
  expect(refusal.code).toBe('manifest_invalid');
  return refusal.violations.map((violation) => violation.pointer);
}

/** Puts `value` where `place` leads, one key of an object or array after the other. */
function replace(root: object, place: readonly number[], value: unknown): void {
  let part: Record<string, unknown> = root as never;
  for (const [step, turn] of place.entries()) {
    const keys = Object.keys(part);
    const key = keys[turn % keys.length];
    if (key === undefined) return;
    const below = part[key];
    if (step === place.length - 1 || typeof below !== 'object' || below === null) {
      part[key] = structuredClone(value);
      return;
    }
    part = below as never;
  }
}

describe('parseManifest', () => {
  it('takes the smallest manifest', () => {
    expect(parseManifest(bytes(SOUND))).toEqual(SOUND);
  });

  it('takes names in any script, with what their letters are joined by', () => {
    for (const name of ['שלום', 'نامه‌ها', '👩‍👩‍👧', 'Ünïcödé', 'a\u200fb'])
      expect(parseManifest(bytes({ ...SOUND, name })).name).toBe(name);
  });

  it('takes numbers that a double holds', () => {
    const numbers = {
      type: 'object',
      properties: { a: { default: 9007199254740991 }, b: { maximum: 1e300 } },
    };
    expect(parseManifest(bytes({ ...SOUND, config: numbers })).config).toEqual(numbers);
  });

  it('takes everything that the format has, and names each part that has no runtime yet', () => {
    const manifest = parseManifest(
      readFileSync(join(import.meta.dirname, 'fixtures', 'whole-manifest.json')),
    );
    expect(manifest.contributes?.schedules?.[0]?.cron).toBe('*/15 * * * *');
    const parts = unsupportedParts(manifest).map((violation) => violation.pointer);
    expect(parts).toEqual(expect.arrayContaining(['/contributes/migrations']));
    expect(parts).not.toContain('/contributes/schedules');
  });

  it('reports every violation at once, with the nearest known name', () => {
    const refusal = refusalOf({ ...SOUND, version: 7, permision: [], type: 'integraton' });
    expect(refusal.code).toBe('manifest_invalid');
    const hints = Object.fromEntries(refusal.violations.map(({ pointer, hint }) => [pointer, hint]));
    expect(hints['/permision']).toBe('Did you mean "permissions"?');
    expect(hints['/type']).toBe('Did you mean "integration"?');
    expect(Object.keys(hints)).toContain('/version');
  });

  it.each<[string, object, Violation]>([
    [
      'a letter of another script',
      { ...SOUND, id: 'аcme/thing' },
      {
        pointer: '/id',
        message: '"\\u{430}cme/thing" does not have the form that it must have here',
        hint: expect.stringContaining('kelompok/csv-import'),
      },
    ],
    [
      'the key that is at fault',
      { ...SOUND, dependencies: { Other: '*' } },
      {
        pointer: '/dependencies/Other',
        message: '"Other" does not have the form that it must have here',
        hint: expect.stringContaining('publisher/name'),
      },
    ],
    [
      'the one value that is taken',
      { ...SOUND, manifestVersion: '1' },
      { pointer: '/manifestVersion', message: 'must be 1, and is "1"' },
    ],
    [
      'the type that was found',
      { ...SOUND, permissions: { kv: true } },
      { pointer: '/permissions', message: 'must be array, and is object' },
    ],
  ])('shows %s', (_what, manifest, violation) => {
    expect(refusalOf(manifest).violations).toEqual([violation]);
  });

  it('describes every form that the schema asks for', () => {
    const patterns = (part: unknown): object[] =>
      typeof part !== 'object' || part === null
        ? []
        : [...('pattern' in part ? [part] : []), ...Object.values(part).flatMap(patterns)];
    const found = patterns(schema);
    expect(found.length).toBeGreaterThan(10);
    for (const part of found) expect(part).toHaveProperty('description');
  });

  const REJECTED: readonly [string, unknown, string][] = [
    ['build metadata in the version', { ...SOUND, version: '1.0.0+build.5' }, '/version'],
    [
      'a prerelease number that no double holds',
      { ...SOUND, version: '1.0.0-99999999999999999999' },
      '/version',
    ],
    [
      'a range with such a number',
      { ...SOUND, dependencies: { 'a/b': '=1.0.0-99999999999999999998' } },
      '/dependencies/a~1b',
    ],
    ['a range of two lines', { ...SOUND, engines: { souk: '>=1.0.0\n<2.0.0' } }, '/engines/souk'],
    ['a range with a blank of another kind', { ...SOUND, engines: { souk: '>=1\u00a0<2' } }, '/engines/souk'],
    ['a name that turns the line', { ...SOUND, name: 'Thing \u202egnihtyna' }, '/name'],
    ['a name of which nothing is seen', { ...SOUND, name: '\u200b \u3164' }, '/name'],
    [
      'a reason that isolates',
      { ...SOUND, permissions: [{ name: 'kv', reason: 'a\u2066b' }] },
      '/permissions/0/reason',
    ],
    [
      'an address that hides',
      { ...SOUND, author: { name: 'A', url: 'https://a\u202eb.org' } },
      '/author/url',
    ],
    [
      'a host of look-alikes',
      { ...SOUND, permissions: [{ name: 'http.fetch', scope: ['https://gооgle.com/*'] }] },
      '/permissions/0',
    ],
    ['a type that no text can be made of', { ...SOUND, type: { toString: 1 } }, '/type'],
    [
      'a bound that no number can be made of',
      { ...SOUND, config: { uniqueItems: true, maxItems: { toString: 1 } } },
      '/config/uniqueItems',
    ],
    [
      'two of what no text can be made of',
      { ...SOUND, contributes: { contracts: [{ toString: 1 }, { toString: 1 }] } },
      '/contributes/contracts/0',
    ],
    [
      'a schema whose types no text can be made of',
      { ...SOUND, config: { type: [{ toString: 1 }, { toString: 1 }] } },
      '/config/type',
    ],
    ['a version with a v', { ...SOUND, version: 'v1.0.0' }, '/version'],
    ['a publisher name that is too long', { ...SOUND, id: `${'a'.repeat(40)}/b` }, '/id'],
    ['an upper-case id', { ...SOUND, id: 'Acme/thing' }, '/id'],
    [
      'a dependency on itself',
      { ...SOUND, dependencies: { 'acme/thing': '*' } },
      '/dependencies/acme~1thing',
    ],
    ['a range that is none', { ...SOUND, dependencies: { 'a/b': 'newest please' } }, '/dependencies/a~1b'],
    [
      'a dependency both required and optional',
      { ...SOUND, dependencies: { 'a/b': '1' }, optionalDependencies: { 'a/b': '1' } },
      '/optionalDependencies/a~1b',
    ],
    ['a main outside the package', { ...SOUND, main: '../index.js' }, '/main'],
    ['a main that is no JavaScript', { ...SOUND, main: 'index.ts' }, '/main'],
    [
      'a fetch permission without a scope',
      { ...SOUND, permissions: [{ name: 'http.fetch' }] },
      '/permissions/0',
    ],
    [
      'a scope above a registrable name',
      { ...SOUND, permissions: [{ name: 'http.fetch', scope: ['https://*.com/*'] }] },
      '/permissions/0',
    ],
    ['kv with a scope', { ...SOUND, permissions: [{ name: 'kv', scope: ['x'] }] }, '/permissions/0'],
    [
      'the same permission twice',
      { ...SOUND, permissions: [{ name: 'kv' }, { name: 'kv' }] },
      '/permissions/1',
    ],
    ...['/.', '/a/../b', '/a/..', '/./*'].map((path): [string, object, string] => [
      `an endpoint at ${path}, which no request can name`,
      { ...SOUND, contributes: { endpoints: [{ method: 'GET', path }] } },
      '/contributes/endpoints/0/path',
    ]),
    [
      'two endpoints of one shape',
      {
        ...SOUND,
        contributes: {
          endpoints: [
            { method: 'GET', path: '/a/:x' },
            { method: 'GET', path: '/a/:y' },
          ],
        },
      },
      '/contributes/endpoints/1',
    ],
    [
      'an access right that nobody defines',
      { ...SOUND, contributes: { endpoints: [{ method: 'GET', path: '/', access: 'action:fly' }] } },
      '/contributes/endpoints/0/access',
    ],
    [
      'an event under the full name of another plugin’s',
      { ...SOUND, contributes: { events: { emits: { 'sahabot.racetime.race.finished': {} } } } },
      '/contributes/events/emits/sahabot.racetime.race.finished',
    ],
    [
      'a pattern with a back reference',
      { ...SOUND, config: { type: 'object', properties: { a: { pattern: '(a)\\1' } } } },
      '/config/properties/a/pattern',
    ],
    [
      'a remote reference in a schema',
      { ...SOUND, config: { $ref: 'https://example.org/s' } },
      '/config/$ref',
    ],
  ];
  it.each(REJECTED)('refuses %s', (_trick, manifest, pointer) => {
    expect(pointers(manifest)).toContain(pointer);
  });

  const BROKEN: readonly [string, Uint8Array, string][] = [
    ['duplicate keys', bytes('{"id":"a/b","id":"a/c"}'), 'manifest_not_json'],
    ['the key __proto__', bytes('{"__proto__":{"main":"x.js"}}'), 'manifest_not_json'],
    ['an escaped __proto__', bytes('{"\\u005f_proto__":1}'), 'manifest_not_json'],
    ['a byte order mark', new Uint8Array([0xef, 0xbb, 0xbf, ...bytes(SOUND)]), 'manifest_not_json'],
    [
      'a byte that is no UTF-8',
      new Uint8Array([...bytes('{"id":"'), 0xff, ...bytes('"}')]),
      'manifest_not_json',
    ],
    ['half a surrogate pair', bytes('{"name":"\\ud800"}'), 'manifest_not_json'],
    ['U+0000', bytes('{"name":"a\\u0000"}'), 'manifest_not_json'],
    ['a number beyond a double', bytes('{"a":1e999}'), 'manifest_not_json'],
    ['an integer that a double rounds', bytes('{"a":9007199254740993}'), 'manifest_not_json'],
    ['comments', bytes('{/* hi */}'), 'manifest_not_json'],
    ['deep nesting', bytes('['.repeat(100_000)), 'manifest_not_json'],
    ['ten megabytes', new Uint8Array(10 << 20), 'manifest_too_large'],
  ];
  it.each(BROKEN)('refuses %s', (_trick, document, code) => {
    expect(refusalOf(document).code).toBe(code);
  });

  /** Values that the engine cannot turn into a text or a number, names that every object has, and the usual edges. */
  const odd = fc.constantFrom<unknown>(
    { toString: 1 },
    { toString: 1, valueOf: 1 },
    { valueOf: null, constructor: { prototype: 1 } },
    { toJSON: 1, length: 1e9 },
    [{ toString: null }],
    [[]],
    {},
    null,
    true,
    -0,
    1e308,
    '',
    'constructor',
    '*',
    '$&',
    'a'.repeat(3_000),
    { uniqueItems: true, maxItems: { toString: 1 } },
    { pattern: { toString: 1 } },
    { properties: { constructor: { type: 'string', default: {} } }, required: [{}] },
  );
  const places = fc.array(fc.nat(), { minLength: 1, maxLength: 8 });

  it('reads or refuses a whole manifest of which any part is another value, and never fails otherwise', () => {
    const whole = readFileSync(join(import.meta.dirname, 'fixtures', 'whole-manifest.json'), 'utf8');
    fc.assert(
      fc.property(fc.array(fc.tuple(places, odd), { minLength: 1, maxLength: 3 }), (changes) => {
        const manifest = JSON.parse(whole) as object;
        for (const [place, value] of changes) replace(manifest, place, value);
        try {
          unsupportedParts(parseManifest(bytes(manifest)));
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      }),
      { numRuns: 1_500 },
    );
  });

  it.each<[string, object]>([
    ['unknown keys', Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, 1]))],
    ['broken items', { contributes: { endpoints: Array.from({ length: 80_000 }, () => ({})) } }],
    [
      'broken scopes',
      {
        permissions: Array.from({ length: 40 }, () => ({
          name: 'http.fetch',
          scope: Array.from({ length: 90 }, (_, index) => `x${index}`),
        })),
      },
    ],
  ])('tells few of very many violations: %s', (_trick, part) => {
    const refusal = refusalOf({ ...SOUND, ...part });
    expect(refusal.code).toBe('manifest_invalid');
    expect(refusal.violations.length).toBeLessThanOrEqual(200);
    expect(JSON.stringify(refusal.violations).length).toBeLessThan(100_000);
  });

  it('reads or refuses any JSON value, and never fails otherwise', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(refusalOf(value).code).toMatch(/^manifest_/u);
      }),
    );
  });
});
