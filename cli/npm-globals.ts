/** Globals of Node in a bundle: the npm packages that stand for them, where the plugin's package.json names them. */
import type { Plugin } from 'esbuild';
import type { PluginFiles } from './plugin-folder.ts';

const NAMESPACE = 'souk-global';

/** By the npm package: the module that hands its global on. */
const GLOBALS: ReadonlyMap<string, string> = new Map([
  ['buffer', "export { Buffer } from 'buffer';"],
  ['process', "export { default as process } from 'process';"],
]);

/**
 * A package that only some library brings along is not meant: many look for a global to tell Node from the web.
 * @returns what the build's option `inject` takes; the names are replaced where a module uses them, and only there
 */
export function npmGlobalsOf(files: PluginFiles): string[] {
  const wanted = dependenciesOf(files.get('package.json'));
  return [...GLOBALS.keys()].filter((name) => wanted.has(name)).map((name) => `${NAMESPACE}:${name}`);
}

export const npmGlobals: Plugin = {
  name: 'npm-globals',
  setup(context) {
    const { absWorkingDir: resolveDir = '' } = context.initialOptions;
    context.onResolve({ filter: /^souk-global:/ }, ({ path }) => ({
      path: path.slice(NAMESPACE.length + 1),
      namespace: NAMESPACE,
      sideEffects: false,
    }));
    context.onLoad({ filter: /^/, namespace: NAMESPACE }, async ({ path }) => {
      const { errors } = await context.resolve(path, { resolveDir, kind: 'import-statement' });
      // Not installed: code that does without goes without, and imports of it are refused by their own places.
      return { contents: errors.length === 0 ? (GLOBALS.get(path) ?? '') : '', resolveDir };
    });
  },
};

/** @returns whether a module of the bundle is one of these, and no file */
export const isNpmGlobal = (path: string): boolean => path.startsWith(`${NAMESPACE}:`);

/** What is bundled need not be installed with the package, so authors name it in either list. */
function dependenciesOf(packageJson: Uint8Array | undefined): ReadonlySet<string> {
  try {
    const { dependencies, devDependencies } = JSON.parse(Buffer.from(packageJson ?? []).toString('utf8')) as {
      dependencies?: object;
      devDependencies?: object;
    };
    return new Set(Object.keys({ ...dependencies, ...devDependencies }));
  } catch {
    return new Set();
  }
}
