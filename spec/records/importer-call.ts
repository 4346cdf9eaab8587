/** How an importer is called with a file by its contract, and what its answer says of the rows. */
import type { ImportMode } from '../host/imports.ts';
import type { JsonObject } from '../json.ts';
import { RECORD_LIMITS } from '../limits.ts';
import { CORE_MODULES, type ImportKind } from '../modules/core-modules.ts';
import { Fault } from '../refusal.ts';
import type { RunFile } from '../run.ts';
import type { Proposal } from './proposal.ts';

/** What the records of a kind of import are called, and who reads its files. */
export function importerOf(kind: ImportKind): { readonly recordType: string; readonly contract: string } {
  const recordType = CORE_MODULES.find(({ name }) => name === kind)?.recordType.name;
  if (recordType === undefined) throw new Fault('a kind of import has no module');
  return { recordType, contract: `${recordType}-importer@1` };
}

/** What the action `import` of an importer answers. */
export type ImporterOutput = {
  readonly rows: number;
  readonly problems?: readonly {
    readonly message: string;
    readonly row?: number;
    readonly column?: string;
  }[];
};

export type ImporterCall = {
  /** Of the import. */
  readonly id: string;
  /** Name of the record type. */
  readonly type: string;
  readonly mode: ImportMode;
  readonly file: RunFile;
  /** For the plugin; what it takes, its documentation says. */
  readonly options: JsonObject;
};

/** @returns the input of the action `import` */
export function importerInput({ id, type, mode, file, options }: ImporterCall): JsonObject {
  const { bytes: size, ...named } = file;
  return { import: { id, type, dryRun: mode === 'dryRun' }, file: { ...named, size }, options };
}

/** @returns rows that the importer could not even propose, to be rejected with its words */
export function unreadRows(problems: ImporterOutput['problems'] = []): Proposal[] {
  const byRow = Map.groupBy(
    problems.filter(({ row }) => row !== undefined && row >= 1 && row <= RECORD_LIMITS.rowNumberMax),
    ({ row }) => row ?? 0,
  );
  return [...byRow].map(([row, its]) => ({
    row,
    original: null,
    data: {},
    problems: its.map(sentenceOf),
  }));
}

function sentenceOf({ message, column }: { readonly message: string; readonly column?: string }): string {
  return column === undefined ? message : `${column}: ${message}`;
}

/** @returns what is wrong with the file as a whole */
export function problemOf({ problems = [] }: ImporterOutput): string | null {
  const sentences = problems.filter(({ row }) => row === undefined || row < 1).map(sentenceOf);
  return sentences.length === 0 ? null : sentences.join(' ');
}
