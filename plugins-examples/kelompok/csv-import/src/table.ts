/** A table with a header: which column is about which field, and what each row says. */
import type { Json, ProposedRow } from 'souk/sdk';
import { ImportError } from '../../import-kit/import-error.ts';
import type { Source } from '../../import-kit/importer.ts';
import { fieldOf, valueOf, type KindOfRecord } from '../../import-kit/kind.ts';
import type { Settings } from '../../import-kit/settings.ts';
import { proposalOf } from '../../import-kit/source-row.ts';
import { withDelimiter } from './delimiter.ts';
import { csvRecords, type CsvRecord } from './records.ts';

type Column = {
  /** As evidence names it: unlike every other. */
  readonly label: string;
  readonly field: string | undefined;
};

/** @throws ImportError `columns_missing`, `file_unreadable` */
export async function* readTable({ text, kind, settings, problem }: Source): AsyncGenerator<ProposedRow> {
  const { delimiter, text: whole } = await withDelimiter(text, settings.delimiter);
  let columns: readonly Column[] | undefined;
  // A row has the number that a spreadsheet shows, so the header is 1 and blank rows count.
  let row = 0;
  for await (const record of csvRecords(whole, delimiter)) {
    row += 1;
    if (record.kind === 'cells' && record.cells.every((cell) => cell.trim() === '')) continue;
    if (columns) {
      const read = readCells(columns, record);
      yield proposalOf({ row, ...read }, { kind: kind.kind, organization: settings.organization });
    } else if (record.kind === 'cells') {
      columns = readHeader(record.cells, kind, settings);
      for (const message of strangeColumns(columns, kind)) problem(message);
    } else throw new ImportError('file_unreadable', `The header cannot be read: it ${record.problem}.`);
  }
  if (!columns) throw new ImportError('file_unreadable', 'The file is empty: it has no header.');
}

function readHeader(cells: readonly string[], kind: KindOfRecord, { columns }: Settings): Column[] {
  const names = cells.map((cell) => cell.trim());
  const missing = kind.required.filter(
    (field) => !names.some((name) => fieldOf(name, kind, columns) === field),
  );
  if (missing.length > 0)
    throw new ImportError(
      'columns_missing',
      `A file of ${kind.kind}s needs a column for ${quoted(missing)}; this one has ${quoted(names)}. Map columns of other names with "columns".`,
    );
  return names.map((name, at) => {
    const before = names.slice(0, at).filter((each) => each === name).length;
    const plain = name === '' ? `column ${at + 1}` : name;
    return { label: before === 0 ? plain : `${plain} (${before + 1})`, field: fieldOf(name, kind, columns) };
  });
}

function strangeColumns(columns: readonly Column[], { kind }: KindOfRecord): string[] {
  const strange = columns.filter(({ field }) => field === undefined).map(({ label }) => label);
  const doubled = Map.groupBy(
    columns.filter(({ field }) => field !== undefined),
    ({ field }) => field,
  );
  return [
    ...(strange.length === 0 ? [] : [`Of no field of a ${kind} and not taken: ${quoted(strange)}.`]),
    ...[...doubled]
      .filter(([, same]) => same.length > 1)
      .map(([field, same]) => `Several columns are ${field}: ${quoted(same.map(({ label }) => label))}.`),
  ];
}

type Read = {
  readonly original: Json;
  readonly data: Record<string, Json>;
  readonly problems: string[];
};

function readCells(columns: readonly Column[], record: CsvRecord): Read {
  const { cells } = record;
  const labels = cells.map((_cell, at) => columns[at]?.label ?? `column ${at + 1}`);
  const original = Object.fromEntries(cells.map((cell, at) => [labels[at], cell]));
  const fault = record.kind === 'broken' ? record.problem : raggedness(columns, cells);
  return fault === null
    ? { original, ...readValues(columns, cells) }
    : { original, data: {}, problems: [fault] };
}

/** RFC 4180, section 2, rule 4: each row has as many cells as the others. Empty ones at the end do no harm. */
function raggedness(columns: readonly Column[], cells: readonly string[]): string | null {
  const isWhole = cells.length >= columns.length && cells.slice(columns.length).every((cell) => cell === '');
  return isWhole ? null : `has ${cells.length} cells, and the header has ${columns.length}`;
}

function readValues(columns: readonly Column[], cells: readonly string[]): Omit<Read, 'original'> {
  const said = new Map<string, string>();
  const problems: string[] = [];
  for (const [at, { field }] of columns.entries()) {
    const cell = cells[at] ?? '';
    if (field === undefined || cell.trim() === '') continue;
    const before = said.get(field);
    if (before === undefined) said.set(field, cell);
    else if (before.trim() !== cell.trim())
      problems.push(`two columns are ${field} and say different things: ${quoted([before, cell])}`);
  }
  const entries = [...said].map(([field, cell]): [string, Json] => [field, valueOf(field, cell)]);
  return { data: Object.fromEntries(entries), problems };
}

const QUOTED_CHARS_MAX = 300;

function quoted(texts: readonly string[]): string {
  const all = texts.map((text) => `"${text.trim().slice(0, 40)}"`).join(', ');
  return all.length > QUOTED_CHARS_MAX ? `${all.slice(0, QUOTED_CHARS_MAX)}…` : all;
}
