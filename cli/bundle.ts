/** Bundling: a plugin written in TypeScript, or with npm packages, becomes one ES module and its source map. */
import { join, relative, resolve, sep } from 'node:path';
import type { BuildFailure, Metafile } from 'esbuild';
import { Refusal } from '../spec/refusal.ts';
import type { Io } from './io.ts';
import type { PluginFiles } from './plugin-folder.ts';

/** Files about building, which say nothing to those who run the plugin. */
const BUILD_FILES =
  /^(?:package(?:-lock)?|npm-shrinkwrap|tsconfig(?:\..+)?)\.json$|^(?:yarn\.lock|pnpm-lock\.yaml)$/u;
const TYPESCRIPT = /\.[cm]?tsx?$/u;

/**
 * Replaces the sources by a bundle where the folder asks for it: its `main` is missing and a TypeScript file of the
 * same name lies beside it or in `src/`, or there is a package.json, so that imports may mean npm packages.
 * @param main the manifest's entry module
 * @throws Refusal `pack_bundle_failed` with one violation per error
 */
export async function bundleWhereNeeded(
  io: Io,
  folder: string,
  files: PluginFiles,
  main: string,
): Promise<PluginFiles> {
  const source = findSource(files, main);
  if (source === undefined) return files;
  const root = resolve(io.cwd, folder);
  const bundle = await build(root, source, main);
  const kept = [...files].filter(([path]) => !isBuildInput(path, bundle.inputs));
  return new Map([...kept, ...bundle.outputs]);
}

function findSource(files: PluginFiles, main: string): string | undefined {
  const stem = main.replace(/\.m?js$/u, '');
  if (files.has(main)) return files.has('package.json') ? main : undefined;
  return [`${stem}.ts`, `src/${stem}.ts`].find((path) => files.has(path));
}

function isBuildInput(path: string, inputs: ReadonlySet<string>): boolean {
  return inputs.has(path) || BUILD_FILES.test(path) || TYPESCRIPT.test(path);
}

type Bundle = { readonly outputs: PluginFiles; readonly inputs: ReadonlySet<string> };

async function build(root: string, source: string, main: string): Promise<Bundle> {
  // Loaded here, because most verbs never need it and it takes a while.
  const esbuild = await import('esbuild');
  try {
    const result = await esbuild.build({
      absWorkingDir: root,
      entryPoints: [join(root, source)],
      outfile: join(root, main),
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      target: 'es2024',
      mainFields: ['module', 'main'],
      conditions: ['worker'],
      sourcemap: 'linked',
      sourcesContent: false,
      charset: 'utf8',
      write: false,
      allowOverwrite: true,
      metafile: true,
      logLevel: 'silent',
    });
    return { outputs: readOutputs(root, result.outputFiles), inputs: inputsOf(result.metafile) };
  } catch (error) {
    throw bundleRefusal(error as BuildFailure);
  }
}

function readOutputs(root: string, outputs: readonly { path: string; contents: Uint8Array }[]): PluginFiles {
  return new Map(outputs.map(({ path, contents }) => [relative(root, path).split(sep).join('/'), contents]));
}

function inputsOf(metafile: Metafile): Set<string> {
  return new Set(Object.keys(metafile.inputs));
}

function bundleRefusal(failure: BuildFailure): Refusal {
  const violations = (failure.errors ?? []).map(({ location, text }) => ({
    pointer: location ? `${location.file}:${location.line}` : '',
    message: text,
  }));
  const [first] = violations;
  return new Refusal('pack_bundle_failed', {
    detail: first ? `${first.pointer}: ${first.message}` : 'The bundler failed.',
    violations,
    cause: failure,
  });
}
