import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from './json.ts';
import type { Manifest } from './manifest.ts';
import { configViolations, effectiveConfig } from './plugin-config.ts';

function manifestWith(config?: JsonObject): Manifest {
  const manifest = {
    manifestVersion: 1,
    id: 'house/app',
    version: '1.0.0',
    name: 'App',
    main: 'index.js',
  } as const;
  return config ? { ...manifest, config } : manifest;
}

const SCHEMA: JsonObject = {
  type: 'object',
  properties: {
    delimiter: { type: 'string', default: ',' },
    mail: { type: 'object', properties: { from: { type: 'string', default: 'a' }, to: { type: 'string' } } },
    list: { type: 'array', default: [1, 2] },
  },
  additionalProperties: false,
};

describe('effectiveConfig', () => {
  it('puts the organization above the instance above the defaults, key by key', () => {
    const instance = { delimiter: ';', mail: { to: 'instance' } };
    expect(effectiveConfig(manifestWith(SCHEMA), instance, { mail: { to: 'org' }, list: [3] })).toEqual({
      delimiter: ';',
      mail: { from: 'a', to: 'org' },
      list: [3],
    });
  });

  it('takes a null of a higher layer for a value, and a default of the whole schema for the lowest layer', () => {
    expect(effectiveConfig(manifestWith(SCHEMA), { delimiter: ';' }, { delimiter: null })).toMatchObject({
      delimiter: null,
    });
    expect(effectiveConfig(manifestWith({ default: { a: 1 } }), {}, { b: 2 })).toEqual({ a: 1, b: 2 });
  });

  it('keeps a key named __proto__ one like any other, and touches no prototype', () => {
    const org = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": 2}}') as JsonObject;
    const merged = effectiveConfig(manifestWith(), org, org);
    expect(JSON.stringify(merged)).toBe(JSON.stringify(org));
    expect(({} as JsonObject)['polluted']).toBeUndefined();
  });

  it('is the organization layer where there is nothing below, and idempotent', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (raw) => {
        const layer = JSON.parse(JSON.stringify(raw)) as JsonObject;
        expect(effectiveConfig(manifestWith(), {}, layer)).toEqual(layer);
        expect(effectiveConfig(manifestWith(), layer, layer)).toEqual(layer);
      }),
    );
  });

  it('survives layers that nest deeper than it looks', () => {
    let deep: JsonObject = {};
    for (let depth = 0; depth < 5_000; depth += 1) deep = { deep };
    expect(effectiveConfig(manifestWith(), deep, deep)).toHaveProperty('deep');
  });
});

describe('configViolations', () => {
  it('lists all of them at once', () => {
    const pointers = configViolations(manifestWith(SCHEMA), { delimiter: 1, list: 2 }).map(
      ({ pointer }) => pointer,
    );
    expect(pointers.toSorted()).toEqual(['/delimiter', '/list']);
  });

  it('takes nothing for a plugin that declares nothing', () => {
    expect(configViolations(manifestWith(), { 'a/b': 1 })).toEqual([
      { pointer: '/a~1b', message: 'the plugin declares no configuration' },
    ]);
  });
});
