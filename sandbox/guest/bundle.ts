/**
 * The guest's script: one bundle of everything that runs in an isolate before a plugin does.
 *
 * whatwg-url is bundled without its tables for foreign encodings and domain names, a quarter of a megabyte of code and
 * more of heap in every isolate: URLs are UTF-8, and the runner translates the rare domain name.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const URL_ENCODING = fileURLToPath(new URL('./web/url-encoding.ts', import.meta.url));
const DOMAIN = fileURLToPath(new URL('./web/domain.ts', import.meta.url));
const NO_SHARED_MEMORY = fileURLToPath(new URL('./web/no-shared-memory.ts', import.meta.url));

/** Modules that whatwg-url asks for, and what it gets. */
const REPLACEMENTS: Readonly<Record<string, string>> = {
  tr46: DOMAIN,
  '@exodus/bytes/encoding.js': URL_ENCODING,
  '@exodus/bytes/whatwg.js': URL_ENCODING,
  './encoding': URL_ENCODING,
};

const lighterUrl: Plugin = {
  name: 'lighter-url',
  setup(context) {
    context.onResolve({ filter: /^(tr46|@exodus\/bytes\/.*|\.\/encoding)$/ }, ({ path, importer }) => {
      const replacement = REPLACEMENTS[path];
      return replacement !== undefined && /[\\/]whatwg-url[\\/]/.test(importer)
        ? { path: replacement }
        : undefined;
    });
  },
};

/**
 * Libraries that are loaded late come in their CommonJS form: the bundler wraps that whole, so that an isolate holds
 * one function until then; of an ES module it lifts every function out, and each takes memory from the start.
 */
const lateLibraries: Plugin = {
  name: 'late-libraries',
  setup(context) {
    const { resolve } = createRequire(import.meta.url);
    context.onResolve(
      { filter: /^(pako|web-streams-polyfill|urlpattern-polyfill\/urlpattern)$/ },
      ({ path }) => ({
        path: resolve(path),
      }),
    );
  },
};

/**
 * @param entry path of the guest's main module
 * @returns one classic script, in strict mode, without imports
 */
export async function bundleGuest(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'neutral',
    mainFields: ['module', 'main'],
    format: 'iife',
    target: 'esnext',
    charset: 'ascii',
    minify: true,
    legalComments: 'none',
    banner: { js: '"use strict";' },
    inject: [NO_SHARED_MEMORY],
    plugins: [lighterUrl, lateLibraries],
  });
  return outputFiles[0]?.text ?? '';
}
