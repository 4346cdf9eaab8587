/** Bundling: a plugin written in TypeScript, or with npm packages, becomes one ES module and its source map. */
import { isBuiltin } from 'node:module';
import { basename, join, relative, resolve, sep } from 'node:path';
import type {
  BuildFailure,
  BuildOptions,
  build as esbuildBuild,
  Message,
  Metafile,
  OutputFile,
} from 'esbuild';
import { PACKAGE_LIMITS } from '../spec/limits.ts';
import { Refusal, type Violation } from '../spec/refusal.ts';
import { INJECTED, inertGlobals, isInertModule } from './inert-globals.ts';
import type { Io } from './io.ts';
import { isLateNodeModule, lateNodeModules } from './late-node-modules.ts';
import { isTakenAway, npmStandIns, standInHint } from './node-names.ts';
import { isNpmGlobal, npmGlobals, npmGlobalsOf } from './npm-globals.ts';
import { pagelessBuilds } from './pageless-builds.ts';
import type { PluginFiles } from './plugin-folder.ts';

/** Files about building, which say nothing to those who run the plugin. */
const BUILD_FILES =
  /^(?:package(?:-lock)?|npm-shrinkwrap|tsconfig(?:\..+)?)\.json$|^(?:yarn\.lock|pnpm-lock\.yaml)$/u;
const TYPESCRIPT = /\.[cm]?tsx?$/u;
/** Tests and what only they read. */
const TEST_FILES = /\.test\.[cm]?jsx?$|(?:^|\/)(?:tests|testing|fixtures)\//u;
/** What the server asks of every package; it stays even where the code imports it. */
const PACKAGE_FILES = /^(?:manifest\.json|README\.md|LICENSE)$/u;
const UNRESOLVED = /^Could not resolve "(.+)"$/u;
const JAVASCRIPT = /\.m?js$/u;
/** Guests load no module once they run: the bundler makes it a function that is called then. */
const DYNAMIC_IMPORT = /\bimport\s*\(/u;
const UNLOADABLE = /^No loader is configured for "(\.\w+)" files/u;
/** What a source may be written in, when `main` itself is yet to be made from it. */
const SOURCE_ENDINGS = ['.ts', '.tsx', '.jsx'];

/** Modules of a bundle that are no files. */
const MADE_UP = [isInertModule, isNpmGlobal, isLateNodeModule, isTakenAway];

/** What goes into a package, and what it was made from. */
export type BundledFolder = {
  readonly files: PluginFiles;
  /** Every module that went into the bundle, as an absolute path; none where nothing was bundled. */
  readonly sources: readonly string[];
  /** What may fail once the plugin runs, with file and line. */
  readonly warnings: readonly Violation[];
};

/**
 * Replaces the sources by a bundle where the folder asks for it: its `main` is missing and a source of the same name
 * (`.ts`, `.tsx`, `.jsx`) lies beside it or in `src/`, there is a package.json, so that imports may mean npm packages,
 * or a module is loaded by `import()`. Any other folder is returned as it is.
 * @param main the manifest's entry module
 * @throws Refusal `pack_builtin_module` with the imports that lead to each module of Node, or `pack_bundle_failed`
 *   with one violation per error
 */
export async function bundleWhereNeeded(
  io: Io,
  folder: string,
  files: PluginFiles,
  main: string,
): Promise<BundledFolder> {
  const source = findSource(files, main);
  if (source === undefined) return { files, sources: [], warnings: [] };
  const root = resolve(io.cwd, folder);
  const bundle = await build(buildOptions(root, source, main, npmGlobalsOf(files)), root, source);
  const kept = [...files].filter(([path]) => !isBuildInput(path, bundle.inputs));
  const sources = [...bundle.inputs].map((path) => resolve(root, path));
  return { files: new Map([...kept, ...bundle.outputs]), sources, warnings: bundle.warnings };
}

function findSource(files: PluginFiles, main: string): string | undefined {
  const stem = main.replace(/\.m?js$/u, '');
  if (files.has(main)) return files.has('package.json') || importsLate(files) ? main : undefined;
  const stems = [stem, `src/${stem}`, `src/${basename(stem)}`];
  return stems
    .flatMap((path) => SOURCE_ENDINGS.map((ending) => path + ending))
    .find((path) => files.has(path));
}

/** Finds too much rather than too little: what is bundled without need runs as well. */
function importsLate(files: PluginFiles): boolean {
  return [...files].some(
    ([path, content]) =>
      JAVASCRIPT.test(path) && DYNAMIC_IMPORT.test(Buffer.from(content).toString('latin1')),
  );
}

function isBuildInput(path: string, inputs: ReadonlySet<string>): boolean {
  if (PACKAGE_FILES.test(path)) return false;
  return inputs.has(path) || BUILD_FILES.test(path) || TYPESCRIPT.test(path) || TEST_FILES.test(path);
}

type Bundle = {
  readonly outputs: PluginFiles;
  readonly inputs: ReadonlySet<string>;
  readonly warnings: readonly Violation[];
};

async function build(options: BuildOptions, root: string, source: string): Promise<Bundle> {
  // Loaded here, because most verbs never need it and it takes a while.
  const esbuild = await import('esbuild');
  try {
    return await bundleOf(esbuild.build, options, root);
  } catch (error) {
    const { errors = [] } = error as BuildFailure;
    const unresolved = errors.map(missingName).filter((name) => name !== '');
    const portable = unresolved.some(isOfWorkerd) && (await portableBundle(esbuild.build, options, root));
    if (portable) return portable;
    if (!unresolved.some((name) => isBuiltin(name))) throw bundleRefusal(errors, error);
    throw builtinRefusal(source, errors, await importGraph(options, unresolved));
  }
}

/** What only the runtime of that name has, where it is asked to behave like Node. */
const isOfWorkerd = (name: string): boolean => isBuiltin(name) || name.startsWith('cloudflare:');

async function bundleOf(run: typeof esbuildBuild, options: BuildOptions, root: string): Promise<Bundle> {
  const { outputFiles, metafile, warnings } = await buildSmallEnough(run, options);
  return {
    outputs: readOutputs(root, outputFiles),
    inputs: inputsOf(metafile),
    warnings: warnings.filter(({ pluginName }) => pluginName === lateNodeModules.name).map(violationOf),
  };
}

/** Without the builds for workerd, some of which want modules of Node although the package has one that does not. */
function portableBundle(
  run: typeof esbuildBuild,
  options: BuildOptions,
  root: string,
): Promise<Bundle | undefined> {
  const conditions = (options.conditions ?? []).filter((condition) => condition !== 'workerd');
  return bundleOf(run, { ...options, conditions }, root).catch(() => undefined);
}

/** Code stays as people wrote it, who may have to read it, unless only less of it fits into a package. */
async function buildSmallEnough(
  run: typeof esbuildBuild,
  options: BuildOptions,
): Promise<{ outputFiles: OutputFile[]; metafile: Metafile; warnings: Message[] }> {
  const asked = { ...options, metafile: true, write: false } as const;
  const readable = await run(asked);
  const codeBytes = readable.outputFiles
    .filter(({ path }) => JAVASCRIPT.test(path))
    .reduce((sum, { contents }) => sum + contents.length, 0);
  return codeBytes <= PACKAGE_LIMITS.codeBytesMax ? readable : run({ ...asked, minify: true });
}

/**
 * What guests run: web standards and no Node, so packages are asked for the builds that they keep for workers and
 * browsers, and `browser` in their package.json says what they do without. What bundlers commonly stand in for, is:
 * the global object by Node's name, an environment without variables, and an address of the module. The same sources
 * give the same bytes: no time, no absolute path, nothing of the environment.
 */
function buildOptions(root: string, source: string, main: string, globals: readonly string[]): BuildOptions {
  return {
    absWorkingDir: root,
    entryPoints: [join(root, source)],
    outfile: join(root, main),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'module'],
    define: {
      'process.env.NODE_ENV': '"production"',
      'process.env': '{}',
      global: 'globalThis',
      'import.meta.url': JSON.stringify(`plugin:///${main}`),
    },
    jsx: 'automatic',
    inject: [...INJECTED, ...globals],
    plugins: [npmStandIns, lateNodeModules, pagelessBuilds, inertGlobals, npmGlobals],
    sourcemap: 'linked',
    sourcesContent: false,
    charset: 'utf8',
    allowOverwrite: true,
    logLevel: 'silent',
  };
}

function readOutputs(root: string, outputs: readonly { path: string; contents: Uint8Array }[]): PluginFiles {
  return new Map(outputs.map(({ path, contents }) => [relative(root, path).split(sep).join('/'), contents]));
}

function inputsOf(metafile: Metafile): Set<string> {
  const isMade = (path: string): boolean => MADE_UP.some((isIt) => isIt(path));
  return new Set(Object.keys(metafile.inputs).filter((path) => !isMade(path)));
}

/** Who imports what, with the modules that cannot be found left outside; nothing where even that does not build. */
async function importGraph(
  options: BuildOptions,
  unresolved: readonly string[],
): Promise<Metafile['inputs'] | undefined> {
  const esbuild = await import('esbuild');
  const external = [...new Set(unresolved)];
  return esbuild.build({ ...options, external, metafile: true, write: false }).then(
    ({ metafile }) => metafile.inputs,
    () => undefined,
  );
}

function builtinRefusal(
  source: string,
  errors: readonly Message[],
  graph: Metafile['inputs'] | undefined,
): Refusal {
  const violations = errors
    .filter((error) => isBuiltin(missingName(error)))
    .map((error): Violation => {
      const chain = graph ? chainTo(graph, source, error.location?.file ?? source) : [];
      const way = [...chain, missingName(error)].join(' → ');
      const hint = standInHint(missingName(error));
      return {
        ...violationOf(error),
        message: `${missingName(error)} is a module of Node: ${way}`,
        ...(hint && { hint }),
      };
    });
  const [first] = violations;
  return new Refusal('pack_builtin_module', { detail: `${first?.pointer}: ${first?.message}`, violations });
}

function missingName({ text }: Message): string {
  return UNRESOLVED.exec(text)?.[1] ?? '';
}

/** The shortest way of imports from the entry to a file, both included. */
function chainTo(graph: Metafile['inputs'], entry: string, file: string): string[] {
  const cameFrom = new Map<string, string>([[entry, '']]);
  const queue = [entry];
  for (let at = queue.shift(); at !== undefined && at !== file; at = queue.shift())
    for (const { path } of graph[at]?.imports ?? []) {
      if (cameFrom.has(path)) continue;
      cameFrom.set(path, at);
      queue.push(path);
    }
  const chain: string[] = [];
  for (let at = file; at !== ''; at = cameFrom.get(at) ?? '') chain.unshift(at);
  return chain;
}

function bundleRefusal(errors: readonly Message[], cause: unknown): Refusal {
  const violations = errors.map(violationOf);
  const [first] = violations;
  return new Refusal('pack_bundle_failed', {
    detail: first ? `${first.pointer}: ${first.message}` : 'The bundler failed.',
    violations,
    cause,
  });
}

function violationOf({ location, text }: Message): Violation {
  const pointer = location ? `${location.file}:${location.line}` : '';
  const ending = UNLOADABLE.exec(text)?.[1];
  return ending === undefined
    ? { pointer, message: text }
    : { pointer, message: text, hint: UNLOADABLE_HINTS.get(ending) ?? UNLOADABLE_HINT };
}

const UNLOADABLE_HINT =
  'Import JavaScript, TypeScript, JSON or text (.txt); put other data into one of them.';
const UNLOADABLE_HINTS: ReadonlyMap<string, string> = new Map([
  ['.wasm', 'Plugins have no WebAssembly; take a package that does without, or its build in JavaScript.'],
  ['.node', 'Plugins run no native code; take a package that is written in JavaScript alone.'],
]);
