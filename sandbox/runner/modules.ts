/** ES modules of one package: relative specifiers between its own files, and nothing else. */
import type isolatedVm from 'isolated-vm';

import { Refusal } from '../../spec/refusal.ts';

/** Source text by path inside the package. */
export type PackageFiles = ReadonlyMap<string, string>;

/**
 * Compiles the entry module and everything that it imports, and links them.
 * @throws Refusal plugin_load_failed when an import leads outside the package or to nothing
 */
export function linkPackage(
  isolate: isolatedVm.Isolate,
  context: isolatedVm.Context,
  main: string,
  files: PackageFiles,
): isolatedVm.Module {
  const modules = new Map<string, isolatedVm.Module>();
  const paths = new Map<isolatedVm.Module, string>();
  const compile = (path: string, importer: string | undefined): isolatedVm.Module => {
    const known = modules.get(path);
    if (known) return known;
    const source = files.get(path);
    if (source === undefined) throw notFound(path, importer);
    const module = isolate.compileModuleSync(source, { filename: `plugin:///${path}` });
    modules.set(path, module);
    paths.set(module, path);
    return module;
  };
  const entry = compile(main, undefined);
  entry.instantiateSync(context, (specifier, referrer) => {
    const importer = paths.get(referrer) ?? main;
    return compile(resolveSpecifier(specifier, importer), importer);
  });
  return entry;
}

function notFound(path: string, importer: string | undefined): Refusal {
  const detail = importer
    ? `${importer} imports ${path}, which the package does not have`
    : `the package has no ${path}`;
  return new Refusal('plugin_load_failed', { detail });
}

/** @returns the path inside the package; `./b.js` imported by `lib/a.js` is `lib/b.js` */
export function resolveSpecifier(specifier: string, importer: string): string {
  if (!/^\.\.?\//u.test(specifier)) {
    throw new Refusal('plugin_load_failed', {
      detail: `${importer} imports ${JSON.stringify(specifier.slice(0, 100))}; only files of the package can be imported`,
      hint: 'Bundle libraries into the package.',
    });
  }
  const segments = importer.split('/').slice(0, -1);
  for (const segment of specifier.split('/')) {
    if (segment === '.' || segment === '') continue;
    if (segment !== '..') segments.push(segment);
    else if (segments.pop() === undefined) throw outside(specifier, importer);
  }
  return segments.join('/');
}

function outside(specifier: string, importer: string): Refusal {
  return new Refusal('plugin_load_failed', {
    detail: `${importer} imports ${JSON.stringify(specifier.slice(0, 100))}, which lies outside of the package`,
  });
}
