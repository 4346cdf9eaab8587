/**
 * What an import means inside a package: `./` or `../` and a path with its extension. Nothing is guessed (no
 * extension, no index file), so that there is one answer, in the inspection and in the sandbox.
 */
import type { RuleName } from './finding.ts';

export type ResolvedSpecifier =
  | { readonly kind: 'inside'; readonly path: string }
  | { readonly kind: 'refused'; readonly rule: RuleName; readonly why: string };

/**
 * @param from path of the importing module
 * @param specifier as written
 * @param files whether a path is a file of the package
 */
export function resolveSpecifier(
  from: string,
  specifier: string,
  files: { has(path: string): boolean },
): ResolvedSpecifier {
  if (/^[a-z][a-z0-9+.-]*:/iu.test(specifier))
    return refused('import_not_bundled', specifier.startsWith('node:') ? 'is a module of Node' : 'is a URL');
  if (specifier.startsWith('/')) return refused('import_outside', 'is an absolute path');
  if (!/^\.{1,2}\//u.test(specifier)) return refused('import_not_bundled', 'is the name of a library');
  const path = joinPath(from, specifier);
  if (path === undefined) return refused('import_outside', 'leads out of the package');
  if (!files.has(path)) return refused('import_missing', whyMissing(path, files));
  if (!/\.m?js$/u.test(path)) return refused('import_not_javascript', 'does not end in .js or .mjs');
  return { kind: 'inside', path };
}

function refused(rule: RuleName, why: string): ResolvedSpecifier {
  return { kind: 'refused', rule, why };
}

/** @returns the path, or undefined where it climbs above the package. `a/b.js` and `../c.js` give `c.js`. */
function joinPath(from: string, specifier: string): string | undefined {
  const parts = from.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

function whyMissing(path: string, files: { has(path: string): boolean }): string {
  const candidates = [`${path}.js`, `${path}.mjs`, `${path}/index.js`, path.replace(/\.tsx?$/u, '.js')];
  const near = candidates.find((candidate) => candidate !== path && files.has(candidate));
  return near === undefined ? 'is not in the package' : `is not in the package, but ${near} is`;
}
