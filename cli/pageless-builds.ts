/** Packages whose build for browsers needs a page, while their other build needs nothing: the other is bundled. */
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

/** One file that a package's build for browsers has in the place of one that runs anywhere as it is. */
type PlainFile = {
  readonly package: string;
  readonly specifier: RegExp;
  /** Seen from who asks for it. */
  readonly file: string;
};

const PLAIN_FILES: readonly PlainFile[] = [
  // Its replacement reads the answers of S3, SES and the like with DOMParser, which workers do not have.
  { package: '@aws-sdk/xml-builder', specifier: /^\.\/xml-parser(?:\.js)?$/, file: 'xml-parser.js' },
  // Reads the answers of Azure's storage with a document.
  { package: '@azure/core-xml', specifier: /^\.\/xml-browser\.mjs$/, file: '../esm/xml.js' },
];

/** Sees to it that a build for workers is no build for pages. */
export const pagelessBuilds: Plugin = {
  name: 'pageless-builds',
  setup(context) {
    for (const { package: name, specifier, file } of PLAIN_FILES)
      context.onResolve({ filter: specifier }, ({ importer, resolveDir }) =>
        importer.replaceAll('\\', '/').includes(`/node_modules/${name}/`)
          ? { path: join(resolveDir, file) }
          : undefined,
      );
  },
};
