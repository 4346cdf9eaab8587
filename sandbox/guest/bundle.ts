/**
 * The guest's code: one script of everything that runs in an isolate before a plugin does, and the texts of libraries
 * that an isolate asks for when a plugin first touches what they bring.
 *
 * A startup snapshot holds the text of its script in every isolate that comes from it. These libraries are two thirds of
 * all the text, and most plugins touch none of them.
 *
 * whatwg-url is bundled without its tables for foreign encodings and domain names, a quarter of a megabyte of code and
 * more of heap in every isolate: URLs are UTF-8, and the runner translates the rare domain name.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Plugin } from 'esbuild';

import { Fault } from '../../spec/refusal.ts';

export type GuestCode = {
  /** One classic script, in strict mode, without imports. */
  readonly script: string;
  /** By name, an expression each: a function of `module`, `exports` and `require`, as CommonJS has them. */
  readonly libraries: Readonly<Record<string, string>>;
};

/** By the name by which our modules import them. In their CommonJS form, which needs no names of the other modules. */
const LIBRARIES = ['pako', 'web-streams-polyfill', 'whatwg-url', 'urlpattern-polyfill/urlpattern'];

const OPEN_LIBRARY = fileURLToPath(new URL('./web/library.ts', import.meta.url));
const NO_SHARED_MEMORY = fileURLToPath(new URL('./web/no-shared-memory.ts', import.meta.url));

/** Modules that whatwg-url asks for, and what `openLibrary` gives it. */
const REPLACEMENTS: Readonly<Record<string, string>> = {
  tr46: 'souk:domain',
  '@exodus/bytes/encoding.js': 'souk:url-encoding',
  '@exodus/bytes/whatwg.js': 'souk:url-encoding',
  './encoding': 'souk:url-encoding',
};

const lighterUrl: Plugin = {
  name: 'lighter-url',
  setup(context) {
    context.onResolve({ filter: /^(tr46|@exodus\/bytes\/.*|\.\/encoding)$/ }, ({ path, importer }) => {
      const replacement = REPLACEMENTS[path];
      return replacement !== undefined && /[\\/]whatwg-url[\\/]/.test(importer)
        ? { path: replacement, external: true }
        : undefined;
    });
  },
};

/** Where a library would be, the script asks for it. */
const askedForLater: Plugin = {
  name: 'asked-for-later',
  setup(context) {
    context.onResolve({ filter: /^\w/ }, ({ path }) =>
      LIBRARIES.includes(path) ? { path, namespace: 'library' } : undefined,
    );
    context.onLoad({ filter: /.*/, namespace: 'library' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(OPEN_LIBRARY)}).openLibrary(${JSON.stringify(path)});`,
      resolveDir: import.meta.dirname,
    }));
  },
};

const COMMON: BuildOptions = {
  bundle: true,
  write: false,
  platform: 'neutral',
  mainFields: ['module', 'main'],
  target: 'esnext',
  charset: 'ascii',
  minify: true,
  legalComments: 'none',
  inject: [NO_SHARED_MEMORY],
};

/** @param entry path of the guest's main module */
export async function bundleGuest(entry: string): Promise<GuestCode> {
  const [script, ...texts] = await Promise.all([
    textOf({
      ...COMMON,
      entryPoints: [entry],
      format: 'iife',
      banner: { js: '"use strict";' },
      plugins: [askedForLater],
    }),
    ...LIBRARIES.map(bundleLibrary),
  ]);
  return { script, libraries: Object.fromEntries(LIBRARIES.map((name, at) => [name, texts[at] ?? ''])) };
}

/** Named as a part of the guest runtime, whose positions are kept out of what authors are shown. */
async function bundleLibrary(name: string): Promise<string> {
  const path = createRequire(import.meta.url).resolve(name);
  const text = await textOf({ ...COMMON, entryPoints: [path], format: 'cjs', plugins: [lighterUrl] });
  return `(function(module,exports,require){"use strict";${text}\n})\n//# sourceURL=souk:guest:${name}`;
}

async function textOf(options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({ ...options, write: false });
  const [file] = outputFiles;
  if (!file) throw new Fault('the bundle of the guest came out empty');
  return file.text;
}
