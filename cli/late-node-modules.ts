/** Modules of Node that code of a bundle asks for where it may never run: what asks in the end is told so. */
import { readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import type { Plugin } from 'esbuild';
import { standInHint } from './node-names.ts';
import { asksLate } from './node-requests.ts';

const NAMESPACE = 'souk-late';
/** Marks the second look at a name, which must not come here again. */
const LOOKED_FOR = Symbol('looked for');
const NAMES = new RegExp(`^(?:node:)?(?:${builtinModules.join('|')})$`);

/** Refuses nothing: an import that happens as the code loads is left to the bundler, which does not find it. */
export const lateNodeModules: Plugin = {
  name: 'late-node-modules',
  setup(context) {
    context.onResolve({ filter: NAMES }, async ({ path, kind, importer, pluginData, ...rest }) => {
      if (pluginData !== undefined || (kind !== 'require-call' && kind !== 'dynamic-import'))
        return undefined;
      const found = await context.resolve(path, { ...rest, kind, importer, pluginData: LOOKED_FOR });
      // Left to the bundler, as it may be one that `browser` takes away: such has no path to return.
      if (found.errors.length === 0) return undefined;
      if (rest.namespace !== 'file' || !asksLate(await readFile(importer, 'utf8'), path)) return undefined;
      const hint = standInHint(path);
      const text = `${path} is a module of Node; what gets here fails.${hint ? ` ${hint}` : ''}`;
      return { path, namespace: NAMESPACE, warnings: [{ text }] };
    });
    context.onLoad({ filter: /^/, namespace: NAMESPACE }, ({ path }) => ({ contents: failing(path) }));
  },
};

/** @returns whether a module of the bundle is one of these, and no file */
export const isLateNodeModule = (path: string): boolean => path.startsWith(`${NAMESPACE}:`);

/** Libraries that look for a module tell by the code of the failure that there is none. */
const failing = (name: string): string =>
  `throw Object.assign(new Error("Cannot find module '${name}': it is of Node, and plugins run on web standards"), { code: 'MODULE_NOT_FOUND' });`;
