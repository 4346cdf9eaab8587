/** The plugin around a format: four contracts and four commands that read a file and propose its rows. */
import type { Host, Json, Plugin, ProposedRow } from 'souk/sdk';
import { decoded } from './decoding.ts';
import { asImportError, ImportError } from './import-error.ts';
import { KINDS, type KindOfRecord } from './kind.ts';
import { paced } from './pacing.ts';
import { Proposing, type Target } from './proposing.ts';
import { readSettings, type Settings } from './settings.ts';

export type Problem = { readonly message: string };

export type Source = {
  readonly text: AsyncIterable<string>;
  readonly kind: KindOfRecord;
  readonly settings: Settings;
  /** Takes what is wrong with the file as a whole. */
  readonly problem: (message: string) => void;
};

/** Reads the rows of a file. It throws ImportError where there is nothing to read; a bad row is a row with problems. */
export type ReadRows = (source: Source) => AsyncIterable<ProposedRow>;

type ContractInput = {
  readonly import: { readonly id: string };
  readonly file: { readonly id: string };
  readonly options: Readonly<Record<string, Json>>;
};
type Options = Readonly<Record<string, Json>>;
type Done = { readonly rows: number; readonly problems: Problem[]; readonly proposing: Proposing };

const PROBLEMS_MAX = 100;
const PROBLEM_CHARS_MAX = 500;

export function makeImporter(readRows: ReadRows): Plugin {
  const contracts = KINDS.map((kind) => [
    `${kind.kind}-importer@1`,
    {
      import: (input: Json, host: Host) =>
        importFile(readRows, kind, input as unknown as ContractInput, host),
    },
  ]);
  const commands = KINDS.map((kind) => [
    `import-${kind.kind}s`,
    (args: Json, host: Host) => runCommand(readRows, kind, args as Options, host),
  ]);
  return {
    contracts: Object.fromEntries(contracts),
    commands: Object.fromEntries(commands),
    health: (host) => {
      readSettings(host.config, {});
      return { ok: true };
    },
  };
}

async function importFile(
  readRows: ReadRows,
  kind: KindOfRecord,
  { import: { id }, file, options }: ContractInput,
  host: Host,
): Promise<{ rows: number; problems: Problem[] }> {
  const settings = readSettings(host.config, options);
  const target = { import: id, type: kind.kind };
  const { rows, problems } = await read(readRows, { kind, settings, target, file: file.id }, host);
  return { rows, problems };
}

/** A command begins the import of its file itself. What is wrong is its answer, for a person reads it. */
async function runCommand(
  readRows: ReadRows,
  kind: KindOfRecord,
  args: Options,
  host: Host,
): Promise<Record<string, unknown>> {
  const [file, another] = await host.files.list();
  if (!file || another) throw new ImportError('file_unreadable', 'Give one file with the command.');
  const settings = readSettings(host.config, args);
  const dryRun = args['dryRun'] === true;
  const begun = await begin(kind, file.id, dryRun, host);
  if ('problem' in begun) return { import: null, problem: begun.problem };
  const { import: id } = begun;
  try {
    const wish = { kind, settings, target: { import: id, type: kind.kind }, file: file.id };
    const { rows, problems, proposing } = await read(readRows, wish, host);
    const problem = problems.map(({ message }) => message).join(' ');
    const counts = await host.records.end({ import: id, problem: problem.slice(0, 2_000) });
    return {
      ...counts,
      rows,
      dryRun,
      problem: problem === '' ? null : problem,
      complaints: proposing.complaints,
    };
  } catch (error) {
    if (!(error instanceof ImportError)) throw error;
    const counts = await host.records.end({ import: id, problem: error.message });
    return { ...counts, dryRun, problem: error.message };
  }
}

async function begin(
  { kind }: KindOfRecord,
  file: string,
  dryRun: boolean,
  host: Host,
): Promise<{ import: string } | { problem: string }> {
  try {
    return await host.records.begin({ type: kind, file, dryRun });
  } catch (error) {
    const known = asImportError(error);
    if (!(known instanceof ImportError)) throw error;
    host.log.warn(known.message);
    return { problem: known.message };
  }
}

type Wish = {
  readonly kind: KindOfRecord;
  readonly settings: Settings;
  readonly target: Target;
  readonly file: string;
};

async function read(readRows: ReadRows, { kind, settings, target, file }: Wish, host: Host): Promise<Done> {
  const problems: Problem[] = [];
  const problem = (message: string): void => {
    if (problems.length < PROBLEMS_MAX) problems.push({ message: message.slice(0, PROBLEM_CHARS_MAX) });
  };
  const text = paced(decoded(host.files.stream(file), settings.encoding));
  const proposing = new Proposing(host, target);
  let rows = 0;
  try {
    for await (const row of readRows({ text, kind, settings, problem })) {
      await proposing.add(row);
      rows += 1;
    }
    await proposing.flush();
  } catch (error) {
    throw asImportError(error);
  }
  return { rows, problems, proposing };
}
