/**
 * The guest's script: one bundle of everything that runs in an isolate before a plugin does.
 *
 * whatwg-url is bundled without its tables for foreign encodings and domain names, a quarter of a megabyte of code and
 * more of heap in every isolate: URLs are UTF-8, and the runner translates the rare domain name.
 */
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Modules that whatwg-url asks for, and what it gets. */
const REPLACEMENTS: Readonly<Record<string, string>> = {
  tr46: here('web/domain.ts'),
  '@exodus/bytes/encoding.js': here('web/url-encoding.ts'),
  '@exodus/bytes/whatwg.js': here('web/url-encoding.ts'),
  './encoding': here('web/url-encoding.ts'),
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
    inject: [here('web/no-shared-memory.ts')],
    plugins: [lighterUrl],
  });
  return outputFiles[0]?.text ?? '';
}
