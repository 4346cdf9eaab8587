/**
 * The guest's code: one script of everything that runs in an isolate before a plugin does, and the texts of the parts
 * that an isolate asks for when a plugin first touches what they bring.
 *
 * A startup snapshot holds the text of its script in every isolate that comes from it, and what its functions are in
 * each context. The parts, with the libraries behind them, are four fifths of all the text, and most plugins touch none.
 *
 * whatwg-url is bundled without its tables for foreign encodings and domain names, a quarter of a megabyte of code and
 * more of heap in every isolate: URLs are UTF-8, and the runner translates the rare domain name.
 */
import { basename, dirname, join, relative, resolve } from 'node:path';
import { build, type BuildOptions, type BuildResult, type Plugin } from 'esbuild';

import { Fault } from '../../spec/refusal.ts';
import { PART_NAMES, type PartName } from './web/part-names.ts';

export type GuestCode = {
  /** One classic script, in strict mode, without imports. */
  readonly script: string;
  /** By name, an expression each: a function of what gives it the modules it shares, which returns what it exports. */
  readonly parts: Readonly<Record<string, string>>;
};

const ROOT = join(import.meta.dirname, '../..');
const WEB = join(import.meta.dirname, 'web');
const PART_FILES: ReadonlyMap<string, PartName> = new Map(
  PART_NAMES.map((name) => [join(WEB, `${name}.ts`), name]),
);

const COMMON: BuildOptions = {
  absWorkingDir: ROOT,
  bundle: true,
  write: false,
  platform: 'neutral',
  mainFields: ['module', 'main'],
  target: 'esnext',
  charset: 'ascii',
  minify: true,
  legalComments: 'none',
  inject: [join(WEB, 'no-shared-memory.ts')],
};

/** @param entry path of the guest's main module */
export async function bundleGuest(entry: string): Promise<GuestCode> {
  const parts = await bundleParts(await filesOf(entry));
  const script = await bundleScript(
    entry,
    parts.flatMap(({ taken }) => taken),
  );
  return { script, parts: Object.fromEntries(parts.map(({ name, text }) => [name, text])) };
}

/** The files that the script consists of. */
async function filesOf(entry: string): Promise<ReadonlySet<string>> {
  const { metafile } = await build({ ...COMMON, entryPoints: [entry], minify: false, metafile: true });
  return new Set(Object.keys(metafile?.inputs ?? {}).map((path) => resolve(ROOT, path)));
}

/** What a part takes from one file of the script. */
type Taken = { readonly file: string; readonly names: readonly string[] };
type PartText = { readonly name: string; readonly text: string; readonly taken: readonly Taken[] };

async function bundleParts(runtime: ReadonlySet<string>): Promise<PartText[]> {
  const { outputFiles = [] } = await build({
    ...COMMON,
    entryPoints: [...PART_FILES.keys()],
    outdir: 'parts',
    format: 'esm',
    plugins: [lighterUrl, sharing(runtime)],
  });
  return outputFiles.map(({ path, text }) => readPart(basename(path, '.js'), text));
}

/** Named as a part of the guest runtime, whose positions are kept out of what authors are shown. */
function readPart(name: string, module: string): PartText {
  const taken: Taken[] = [];
  const body = module
    .replaceAll(IMPORT, (_statement, list: string, from: string) => {
      const bindings = bindingsOf(list);
      if (from.startsWith(FILE)) taken.push({ file: from, names: bindings.map(([exported]) => exported) });
      return `const{${bindings.map(([exported, local]) => `${exported}:${local}`).join()}}=take("${from}");`;
    })
    .replace(EXPORT, (_statement, list: string) => {
      const bindings = bindingsOf(list).map(([local, exported]) => `${exported}:${local}`);
      return `return{${bindings.join()}}`;
    });
  return { name, taken, text: `(function(take){"use strict";${body}})\n//# sourceURL=souk:guest:${name}` };
}

/** Modules are named by their file, parts by their name. */
const FILE = './';
/** As esbuild writes them. */
const IMPORT = /import\{([^}]+)\}from"([^"]+)";/gu;
const EXPORT = /export\{([^}]+)\};\s*$/u;

/** @returns both names of each `a as b`, or the one name twice */
function bindingsOf(list: string): [string, string][] {
  return list.split(',').map((binding) => {
    const [name = '', as = name] = binding.split(' as ');
    return [name, as];
  });
}

/** What a part imports of the script, or of another part, it takes from there; the rest is its own. */
function sharing(runtime: ReadonlySet<string>): Plugin {
  return {
    name: 'sharing',
    setup(context) {
      context.onResolve({ filter: /^\.\.?\// }, ({ path, importer, kind }) => {
        const file = resolve(dirname(importer), path);
        const part = PART_FILES.get(file);
        if (kind === 'entry-point' || !(part || runtime.has(file))) return undefined;
        return { path: part ?? FILE + relative(ROOT, file), external: true };
      });
    },
  };
}

/** The script with, behind it, a function that hands out what the parts take from its modules. */
async function bundleScript(entry: string, taken: readonly Taken[]): Promise<string> {
  const names = new Map<string, Set<string>>();
  for (const each of taken) names.set(each.file, new Set([...(names.get(each.file) ?? []), ...each.names]));
  const files = [...names.keys()];
  const members = files.map((file, at) => {
    const list = [...(names.get(file) ?? [])].map((name) => `${name}: m${at}.${name}`);
    return `${JSON.stringify(file)}: { ${list.join()} }`;
  });
  const contents = [
    `import ${JSON.stringify(entry)};`,
    `import { offerToParts } from ${JSON.stringify(join(WEB, 'part.ts'))};`,
    ...files.map((file, at) => `import * as m${at} from ${JSON.stringify(file)};`),
    `offerToParts(() => ({ ${members.join()} }));`,
  ].join('\n');
  const stdin = { contents, resolveDir: ROOT };
  return textOf(await build({ ...COMMON, stdin, format: 'iife', banner: { js: '"use strict";' } }));
}

/** Modules that whatwg-url asks for, and what it gets. */
const REPLACEMENTS: Readonly<Record<string, string>> = {
  tr46: 'domain.ts',
  '@exodus/bytes/encoding.js': 'url-encoding.ts',
  '@exodus/bytes/whatwg.js': 'url-encoding.ts',
  './encoding': 'url-encoding.ts',
};

const lighterUrl: Plugin = {
  name: 'lighter-url',
  setup(context) {
    context.onResolve({ filter: /^(tr46|@exodus\/bytes\/.*|\.\/encoding)$/ }, ({ path, importer }) => {
      const replacement = REPLACEMENTS[path];
      return replacement !== undefined && /[\\/]whatwg-url[\\/]/.test(importer)
        ? { path: join(WEB, replacement) }
        : undefined;
    });
  },
};

function textOf({ outputFiles }: BuildResult): string {
  const [file] = outputFiles ?? [];
  if (!file) throw new Fault('the bundle of the guest came out empty');
  return file.text;
}
