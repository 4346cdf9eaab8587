import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  addedPermissions,
  checkPermissionParameters,
  coversPermission,
  describePermission,
  HTTP_METHODS,
  PERMISSION_CATALOGUE,
  PERMISSION_NAMES,
  type Permission,
} from './permission.ts';

const FETCH: Permission = { name: 'http.fetch', scope: ['https://a.org/*', 'https://b.org/*'] };

describe('permissions', () => {
  it('are the names that the manifest schema lists', () => {
    const schema = JSON.parse(
      readFileSync(join(import.meta.dirname, 'schemas', 'manifest-v1.schema.json'), 'utf8'),
    );
    expect(schema.$defs.permission.properties.name.enum).toEqual([...PERMISSION_NAMES]);
    expect(schema.$defs.permission.properties.methods.items.enum).toEqual([...HTTP_METHODS]);
    expect(Object.keys(PERMISSION_CATALOGUE)).toEqual([...PERMISSION_NAMES]);
  });

  it('are equal in any order of their scopes', () => {
    const turned: Permission = {
      name: 'http.fetch',
      scope: [...(FETCH.scope ?? [])].reverse(),
      reason: 'other words',
    };
    expect(coversPermission(turned, FETCH) && coversPermission(FETCH, turned)).toBe(true);
    expect(addedPermissions([FETCH], [turned])).toEqual([]);
  });

  it('are covered by a wider grant only', () => {
    const narrow: Permission = { name: 'http.fetch', scope: ['https://a.org/api/*'], methods: ['GET'] };
    expect(coversPermission(FETCH, narrow)).toBe(true);
    expect(coversPermission(narrow, FETCH)).toBe(false);
    expect(coversPermission({ ...FETCH, methods: ['GET'] }, { ...FETCH, methods: ['POST'] })).toBe(false);
    expect(coversPermission({ name: 'kv' }, FETCH)).toBe(false);
    expect(
      coversPermission(
        { name: 'events.emit', scope: ['race.*'] },
        { name: 'events.emit', scope: ['race.won'] },
      ),
    ).toBe(true);
    expect(
      coversPermission(
        { name: 'events.emit', scope: ['race.*'] },
        { name: 'events.emit', scope: ['racer.won'] },
      ),
    ).toBe(false);
  });

  it.each<[Permission, Permission]>([
    [{ name: 'kv' }, { name: 'secrets' }],
    [
      { name: 'plugins.call', scope: ['a/b'] },
      { name: 'plugins.call', scope: ['a/bc'] },
    ],
    [
      { name: 'events.emit', scope: ['race.won'] },
      { name: 'events.emit', scope: ['race.wolf'] },
    ],
    [
      { name: 'events.emit', scope: ['race.*'] },
      { name: 'events.subscribe', scope: ['race.won'] },
    ],
  ])('%o covers itself, and not %o', (wide, other) => {
    expect(coversPermission(wide, wide)).toBe(true);
    expect(coversPermission(wide, other)).toBe(false);
  });

  it.each<[string, Permission]>([
    ['kv takes no scope', { name: 'kv', scope: ['a'] }],
    ['kv takes no methods', { name: 'kv', methods: ['GET'] }],
    ['plugins.call needs a scope that lists what it is limited to', { name: 'plugins.call', scope: [] }],
    [
      'the scope "b" of plugins.call is not a plugin id such as kelompok/csv-import',
      { name: 'plugins.call', scope: ['a/b', 'b'] },
    ],
  ])('are unsound where %s', (fault, permission) => {
    expect(checkPermissionParameters(permission)).toEqual([fault]);
  });

  it('tell the administrator what they mean', () => {
    expect(describePermission({ name: 'plugins.call', scope: ['a/b'] })).toBe('Calls the plugins a/b.');
    const scope = ["https://a.org/$'$&$$"];
    expect(describePermission({ name: 'http.fetch', scope, methods: ['GET'] })).toBe(
      "Sends data to and reads data from https://a.org/$'$&$$ (GET).",
    );
  });
});
