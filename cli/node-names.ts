/** Modules of Node in a bundle: the npm packages that stand for some of them, where the plugin has installed one. */
import { isBuiltin } from 'node:module';
import { isAbsolute } from 'node:path';
import type { Plugin } from 'esbuild';

const PREFIX = 'node:';
const TAKEN_AWAY = 'souk-taken-away';
/** Marks the second look at a name, which must not come here again. */
const BARE_NAME = Symbol('bare name');

/** What `npm install` takes to bring a module of Node that needs nothing but the web. */
const STAND_INS: ReadonlyMap<string, string> = new Map([
  ['assert', 'assert process'],
  ['buffer', 'buffer'],
  ['constants', 'constants@npm:constants-browserify'],
  ['crypto', 'crypto@npm:crypto-browserify stream@npm:readable-stream buffer process'],
  ['events', 'events'],
  ['os', 'os@npm:os-browserify'],
  ['path', 'path@npm:path-browserify'],
  ['punycode', 'punycode'],
  ['querystring', 'querystring'],
  ['stream', 'stream@npm:readable-stream buffer process'],
  ['string_decoder', 'string_decoder'],
  ['timers', 'timers@npm:timers-browserify'],
  ['url', 'url'],
  ['util', 'util'],
  ['zlib', 'zlib@npm:browserify-zlib buffer process'],
]);

/** `node:events` means the npm package `events` where that is installed, as `events` does without the prefix. */
export const npmStandIns: Plugin = {
  name: 'npm-stand-ins',
  setup(context) {
    context.onResolve({ filter: /^node:/ }, async ({ path, pluginData, ...rest }) => {
      const name = path.slice(PREFIX.length);
      if (pluginData === BARE_NAME || !isBuiltin(name)) return undefined;
      const found = await context.resolve(name, { ...rest, pluginData: BARE_NAME });
      if (found.errors.length > 0) return undefined;
      // A name that the importing package's `browser` map takes away comes back as it is.
      return isAbsolute(found.path) ? found : { path: name, namespace: TAKEN_AWAY };
    });
    context.onLoad({ filter: /^/, namespace: TAKEN_AWAY }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** @returns whether a module of the bundle stands for what `browser` takes away, and is no file */
export const isTakenAway = (path: string): boolean => path.startsWith(`${TAKEN_AWAY}:`);

/** @returns how to have the module after all, or undefined where nothing can stand for it */
export function standInHint(module: string): string | undefined {
  const name = module.startsWith(PREFIX) ? module.slice(PREFIX.length) : module;
  const wanted = STAND_INS.get(name);
  return wanted && `npm install ${wanted} brings one that runs anywhere, and is then taken for it.`;
}
