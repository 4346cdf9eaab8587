/**
 * Completes package-lock.json: `npm run lock`, after a dependency was added.
 *
 * npm leaves an optional platform package out of the lock file when it cannot look it up (a mirror may hold only some
 * platforms), and `npm ci` then refuses the lock file as out of step. This adds an entry for each one that is missing,
 * with the platform that its name tells, so that it is skipped everywhere else.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

type Entry = {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  engines?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
};
type Packages = Record<string, Entry>;

const SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const PROCESSORS = [
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];
const EXACT = /^\d/u;

const path = join(import.meta.dirname, '..', 'package-lock.json');
const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Packages };
const added = Object.entries(lock.packages).flatMap(([base, entry]) =>
  completeOne(lock.packages, base, entry),
);
lock.packages = sortedByPath(lock.packages);
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`${added.length} platform packages added\n`);

/** @returns the places that were added for the optional dependencies of one package */
function completeOne(packages: Packages, base: string, entry: Entry): string[] {
  return Object.entries(entry.optionalDependencies ?? {}).flatMap(([name, version]) => {
    const found = resolvePlace(packages, base, name);
    if (!EXACT.test(version) || (found && packages[found]?.version === version)) return [];
    const top = `node_modules/${name}`;
    const place = packages[top] ? `${base}/node_modules/${name}` : top;
    packages[place] = platformEntry(name, version, entry);
    return [place];
  });
}

/** As Node looks packages up: the nearest `node_modules`, upwards. */
function resolvePlace(packages: Packages, base: string, name: string): string | undefined {
  for (let folder = base; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const place = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (packages[place]) return place;
    if (folder === '') return undefined;
  }
}

function platformEntry(name: string, version: string, parent: Entry): Entry {
  const words = name.split(/[-_./]/u);
  const os = SYSTEMS.filter((system) => words.includes(system));
  const cpu = PROCESSORS.filter((processor) => words.includes(processor));
  return {
    version,
    ...(cpu.length > 0 ? { cpu } : {}),
    ...(parent.dev ? { dev: true } : {}),
    optional: true,
    ...(os.length > 0 ? { os } : {}),
    ...(parent.engines ? { engines: parent.engines } : {}),
  };
}

function sortedByPath(packages: Packages): Packages {
  return Object.fromEntries(Object.entries(packages).sort(([left], [right]) => (left < right ? -1 : 1)));
}
