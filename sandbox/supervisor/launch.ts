/** The command line of a runner. */
import type { RuntimeFiles } from './runtime-files.ts';

export type Launch = {
  readonly command: string;
  readonly args: readonly string[];
  /** Where the file for the mark is made, which has no name once the runner starts. */
  readonly markFolder: string;
};

/** How V8 runs guests: `jit` compiles to machine code, `jitless` only interprets and has no writable code memory. */
export type EngineProfile = 'jit' | 'jitless';

const COMMON_FLAGS = [
  // isolated-vm needs a process that was not started from Node's own snapshot.
  '--no-node-snapshot',
  '--single-threaded',
  '--disable-sigusr1',
  '--enable-experimental-regexp-engine-on-excessive-backtracks',
  '--wasm-max-mem-pages=0',
  '--freeze-flags-after-init',
  '--permission',
  '--allow-addons',
  '--no-warnings',
];

/** @returns what starts a runner with the permission model as its only wall */
export function nodeLaunch(files: RuntimeFiles, profile: EngineProfile): Launch {
  const engineFlags = profile === 'jitless' ? ['--jitless'] : [];
  return {
    command: files.nodePath,
    args: [
      ...COMMON_FLAGS,
      ...engineFlags,
      `--allow-fs-read=${files.folder}/`,
      files.runnerPath,
      files.addonPath,
    ],
    markFolder: files.folder,
  };
}
