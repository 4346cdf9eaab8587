import { Command, CommanderError } from 'commander';
import { SOUK_VERSION } from '../spec/support.ts';
import { EXIT_CODES, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { printFailure, printReport, type Report, type ReportFormat } from './report.ts';

/** Adds one verb to the program or to a group, with `--json`. */
export type AddVerb = (name: string, description: string) => Command;

/** What a verb gets to work with. */
export type Shell = {
  readonly io: Io;
  readonly verb: AddVerb;
  /** Opens a group of verbs, such as `souk plugin …`. */
  readonly group: (name: string, description: string) => AddVerb;
  /** Runs the work of a verb and prints how it ended. */
  readonly report: (
    options: { readonly json?: boolean },
    work: () => Report | Promise<Report>,
  ) => Promise<void>;
};

/** A verb: registers itself under its name. One file in `verbs/` each. */
export type Verb = (shell: Shell) => void;

/**
 * Runs one command line.
 * @param argv the words after `souk`
 * @returns the exit code of `exit-code.ts`
 */
export async function runShell(argv: readonly string[], io: Io, verbs: readonly Verb[]): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT_CODES.ok;
  const program = createProgram(io);
  const shell: Shell = {
    io,
    verb: (name, description) => addVerb(program, name, description),
    group: (group, about) => {
      const parent = program.command(group).description(about);
      return (name, description) => addVerb(parent, name, description);
    },
    report: async (options, work) => {
      exitCode = await reportOf(io, options.json ? 'json' : 'text', work);
    },
  };
  for (const register of verbs) register(shell);
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) return printFailure(io, 'text', error);
    // Commander has printed the mistake; asking for help is none.
    return error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
  }
  return exitCode;
}

function addVerb(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description).option('--json', 'print one JSON object');
}

async function reportOf(
  io: Io,
  format: ReportFormat,
  work: () => Report | Promise<Report>,
): Promise<ExitCode> {
  try {
    const report = await work();
    printReport(io, format, report);
    return report.exitCode;
  } catch (error) {
    return printFailure(io, format, error);
  }
}

/** Options are positional: behind a verb, `--version` is an option of that verb. */
function createProgram(io: Io): Command {
  return new Command('souk')
    .description('Makes, signs, publishes and installs plugins for Souk.')
    .version(SOUK_VERSION, '-V, --version', 'print the version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: io.writeOut,
      writeErr: io.writeError,
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError('Run souk --help for the list of verbs.');
}
