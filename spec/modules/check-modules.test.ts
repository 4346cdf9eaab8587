import { describe, expect, it } from 'vitest';
import { checkGuestSchema } from '../guest-schema.ts';
import { parseManifest } from '../parse-manifest.ts';
import { Refusal } from '../refusal.ts';
import { CORE_MODULES } from './core-modules.ts';
import { isModuleWord, qualifiedName } from './module.ts';

const TICKET = {
  name: 'ticket',
  schema: { type: 'object', properties: { code: { type: 'string' }, tags: { type: 'array' } } },
  keys: [['code']],
};
const FIELDS = { type: 'object', properties: { level: { type: 'integer' } } };

const nameOf = ({ name, extends: extended }: Record<string, string>): string => name ?? extended ?? '';

function violationsOf(...modules: Record<string, unknown>[]): string[] {
  const names = (modules as Record<string, string>[])
    .map(nameOf)
    .filter((name) => isModuleWord(name) && name !== 'posts');
  const manifest = {
    manifestVersion: 1,
    id: 'acme/desk',
    version: '1.0.0',
    name: 'Desk',
    main: 'index.js',
    permissions: [{ name: 'modules.extend', scope: [...new Set(['spare', ...names])] }],
    contributes: { actions: [{ name: 'tickets.close', title: 'Close' }], modules },
  };
  try {
    parseManifest(new TextEncoder().encode(JSON.stringify(manifest)));
    return [];
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.violations.map(({ pointer }) => pointer.replace('/contributes/modules', ''));
  }
}

describe('contributes.modules', () => {
  it('takes a new module and an extension of the core', () => {
    expect(
      violationsOf(
        { name: 'desk', title: 'Desk', recordTypes: [TICKET], actions: ['tickets.close'] },
        {
          extends: 'members',
          extensions: [
            {
              recordType: 'member',
              fields: FIELDS,
              validators: [{ schema: { required: ['email'] }, message: 'has no address' }],
            },
          ],
        },
      ),
    ).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['neither new nor an extension', { title: 'x' }, '/0'],
    ['both at once', { name: 'desk', extends: 'members' }, '/0'],
    ['a module of the core', { name: 'members' }, '/0/name'],
    [
      'a record type of the core',
      { name: 'desk', recordTypes: [{ ...TICKET, name: 'member' }] },
      '/0/recordTypes/0/name',
    ],
    [
      'a key over no field',
      { name: 'desk', recordTypes: [{ ...TICKET, keys: [['colour']] }] },
      '/0/recordTypes/0/keys/0',
    ],
    [
      'a key over a list',
      { name: 'desk', recordTypes: [{ ...TICKET, keys: [['tags']] }] },
      '/0/recordTypes/0/keys/0',
    ],
    [
      'a key named __proto__',
      { name: 'desk', recordTypes: [{ ...TICKET, keys: [['__proto__']] }] },
      '/0/recordTypes/0/keys/0',
    ],
    [
      'a schema that is no object',
      { name: 'desk', recordTypes: [{ name: 'ticket', schema: { type: 'string' } }] },
      '/0/recordTypes/0/schema/type',
    ],
    [
      'a keyword that is not taken',
      { name: 'desk', recordTypes: [{ ...TICKET, schema: { ...TICKET.schema, $ref: '#' } }] },
      '/0/recordTypes/0/schema/$ref',
    ],
    [
      'a field in the manner of a namespace',
      {
        name: 'desk',
        recordTypes: [
          { ...TICKET, schema: { type: 'object', properties: { 'a/b': {}, code: { type: 'string' } } } },
        ],
      },
      '/0/recordTypes/0/schema/properties',
    ],
    [
      'an extension in a new module',
      { name: 'desk', extensions: [{ recordType: 'member', fields: FIELDS }] },
      '/0/extensions',
    ],
    [
      'an extension of nothing',
      { extends: 'members', extensions: [{ recordType: 'member' }] },
      '/0/extensions/0',
    ],
    [
      'a type that the core module lacks',
      { extends: 'members', extensions: [{ recordType: 'post', fields: FIELDS }] },
      '/0/extensions/0/recordType',
    ],
    [
      'a pattern that looks back',
      {
        extends: 'members',
        extensions: [
          {
            recordType: 'member',
            fields: { type: 'object', properties: { a: { type: 'string', pattern: '(a)\\1' } } },
          },
        ],
      },
      '/0/extensions/0/fields/properties/a/pattern',
    ],
    ['an action that is not declared', { name: 'desk', actions: ['nope'] }, '/0/actions/0'],
    ['a name of four words', { extends: 'a.b.c.d' }, '/0/extends'],
    ['a module that the permission does not list', { extends: 'posts' }, '/0'],
    ['an unknown member', { name: 'desk', recordTyps: [] }, '/0/recordTyps'],
  ])('refuses %s', (_what, module, pointer) => {
    expect(violationsOf(module)).toContain(pointer);
  });

  it('refuses what stands twice', () => {
    expect(violationsOf({ name: 'desk' }, { name: 'desk' })).toContain('/1');
    const twice = { recordType: 'member', fields: FIELDS };
    expect(violationsOf({ extends: 'members', extensions: [twice, twice] })).toContain('/0/extensions');
  });
});

it('names of plugins are unmistakable', () => {
  expect(qualifiedName('acme/desk', 'ticket')).toBe('acme.desk.ticket');
  expect(['ticket', 'acme.desk.ticket'].every(isModuleWord)).toBe(true);
  expect(['', 'Ticket', 'a.b', 'a/b', '__proto__', 'a.b.c.d'].some(isModuleWord)).toBe(false);
});

it.each(CORE_MODULES)('the module $name keeps the rules that plugins have', ({ recordType }) => {
  expect(checkGuestSchema(recordType.schema, '')).toEqual([]);
  const fields = Object.keys(recordType.schema['properties'] as object);
  const named = [
    ...(recordType.keys ?? []).flat(),
    ...(recordType.likeness ?? []),
    ...Object.keys({ ...recordType.slugs, ...recordType.references }),
  ];
  expect(named.filter((field) => !fields.includes(field))).toEqual([]);
});
