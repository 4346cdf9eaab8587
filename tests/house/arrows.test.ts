/**
 * The houses and their arrows: which top folder may import which, and which packages belong to one house alone.
 * It reads every import of the tree, static, dynamic and type-only, with a TypeScript parser.
 */
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf, sourceFiles, type Import } from './sources.ts';

/** Each house and those it may import. `registry/package` and its like are rooms with fewer rights than their house. */
const ARROWS: Record<string, readonly string[]> = {
  spec: [],
  signing: ['spec'],
  database: ['spec'],
  identity: ['database', 'signing', 'spec'],
  registry: ['identity', 'database', 'signing', 'spec'],
  services: ['registry', 'identity', 'database', 'spec'],
  sandbox: ['spec'],
  server: ['spec', 'signing', 'database', 'identity', 'registry', 'services', 'sandbox', 'migrations'],
  // `souk dev` answers a plugin's host calls: out of memory as the test host does, and out of the net as the server does.
  cli: ['signing', 'registry/package', 'registry/inspection', 'services/egress', 'sandbox', 'sdk', 'spec'],
  sdk: ['spec'],
  demo: ['cli', 'spec'],
  migrations: ['database'],
  'registry/package': ['spec', 'signing'],
  'registry/inspection': ['registry/package', 'spec', 'signing'],
  'registry/reader': ['registry/package', 'registry/inspection', 'spec'],
  'registry/resolver': ['spec'],
  'services/egress': ['spec'],
};

const ORM_HOUSES = ['database', 'identity', 'registry', 'services', 'migrations'];
/** Packages that only the named houses may import. */
const OWNED_PACKAGES: readonly { pattern: RegExp; houses: readonly string[] }[] = [
  { pattern: /^tweetnacl$/u, houses: ['signing'] },
  { pattern: /^isolated-vm$/u, houses: ['sandbox/runner'] },
  { pattern: /^hono(\/|$)|^@hono\//u, houses: ['server'] },
  { pattern: /^@mikro-orm\//u, houses: ORM_HOUSES },
];

/** The narrowest room of `ARROWS` or `OWNED_PACKAGES` that holds a file. */
function roomOf(file: string): string {
  const rooms = [...Object.keys(ARROWS), 'sandbox/runner'].filter((room) => file.startsWith(`${room}/`));
  return rooms.sort((left, right) => right.length - left.length)[0] ?? '';
}

function houseOf(room: string): string {
  return room.split('/')[0] ?? '';
}

function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  const own = ARROWS[from] ?? ARROWS[houseOf(from)] ?? [];
  if (own.includes(to) || own.includes(houseOf(to))) return true;
  // A room with rights of its own is not opened by living in the same house; the rest of the house may use it.
  return ARROWS[from] && from.includes('/') ? false : houseOf(from) === houseOf(to);
}

describe('the houses', () => {
  const files = sourceFiles();
  const imports: Import[] = files.flatMap(importsOf);

  it('were read at all', () => {
    expect(files.length).toBeGreaterThan(60);
    expect(imports.length).toBeGreaterThan(files.length);
  });

  it('import only along their arrows', () => {
    const broken = imports
      .filter(({ to }) => to.startsWith('.'))
      .map(({ from, to }) => ({ from, to: normalize(join(dirname(from), to)) }))
      .filter(({ from, to }) => roomOf(to) !== '' && !mayImport(roomOf(from), roomOf(to)))
      .map(({ from, to }) => `${from} imports ${to}`);
    expect(broken).toEqual([]);
  });

  it('reach no file outside the houses', () => {
    const outside = imports
      .filter(({ to }) => to.startsWith('.'))
      .map(({ from, to }) => ({ from, to: relative('.', normalize(join(dirname(from), to))) }))
      .filter(({ to }) => roomOf(to) === '' && to !== 'package.json')
      .map(({ from, to }) => `${from} imports ${to}`);
    expect(outside).toEqual([]);
  });

  it('keep each guarded package in its house', () => {
    const broken = imports.flatMap(({ from, to }) => {
      const owner = OWNED_PACKAGES.find(({ pattern }) => pattern.test(to));
      if (!owner) return [];
      const room = roomOf(from);
      const bare = room.includes('/') && !owner.houses.includes(room) ? ARROWS[room] !== undefined : false;
      const allowed = owner.houses.includes(room) || (owner.houses.includes(houseOf(room)) && !bare);
      return allowed ? [] : [`${from} imports ${to}`];
    });
    expect(broken).toEqual([]);
  });
});
