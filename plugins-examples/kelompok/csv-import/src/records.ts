/** Records of RFC 4180 out of text that comes in pieces. */
import { parse, type Parser } from 'csv-parse/browser/esm';

export type CsvRecord =
  | { readonly kind: 'cells'; readonly cells: readonly string[] }
  | { readonly kind: 'broken'; readonly cells: readonly string[]; readonly problem: string };

/** A longer record is a quote that was never closed; what the sandbox has for one import holds several. */
const RECORD_BYTES_MAX = 8 * 1024 * 1024;

const PROBLEMS: ReadonlyMap<string, string> = new Map([
  [
    'CSV_QUOTE_NOT_CLOSED',
    'a quote is opened and never closed, so everything from here to the end is one cell',
  ],
  [
    'CSV_MAX_RECORD_SIZE',
    `is longer than ${RECORD_BYTES_MAX} bytes, as by a quote that is never closed; what follows was not read`,
  ],
]);

/** @returns every record, blank lines as one empty cell; after a broken one that hides where the next begins, none */
export async function* csvRecords(text: AsyncIterable<string>, delimiter: string): AsyncGenerator<CsvRecord> {
  let found: string[][] = [];
  const parser = parse({
    delimiter,
    // Excel and other programs mix them in one file.
    record_delimiter: ['\r\n', '\n', '\r'],
    // Quotes inside of a cell that does not begin with one are text, and rows of another length are for us to judge.
    relax_quotes: true,
    relax_column_count: true,
    max_record_size: RECORD_BYTES_MAX,
    on_record: (record: string[]) => {
      found.push(record);
      return null;
    },
  });
  let failure: { readonly code?: string } | undefined;
  const failed = new Promise<void>((resolve) => {
    parser.on('error', (error: { code?: string }) => {
      failure = error;
      resolve();
    });
  });
  parser.resume();
  for await (const piece of text) {
    await Promise.race([failed, written(parser, piece)]);
    yield* found.splice(0).map(recordOf);
    if (failure) break;
  }
  if (!failure) await Promise.race([failed, ended(parser)]);
  yield* found.splice(0).map(recordOf);
  found = [];
  if (failure)
    yield { kind: 'broken', cells: [], problem: PROBLEMS.get(failure.code ?? '') ?? 'cannot be read as CSV' };
}

function written(parser: Parser, piece: string): Promise<void> {
  return new Promise((resolve) => void parser.write(piece, () => resolve()));
}

function ended(parser: Parser): Promise<void> {
  return new Promise((resolve) => {
    parser.on('end', () => resolve());
    parser.end();
  });
}

/** `"Bonn,\n…\n"Ulm"`: a quote that was meant to be closed in its row has taken in the rows up to the next one. */
function recordOf(cells: readonly string[]): CsvRecord {
  const torn = cells.findIndex((cell) => cell.startsWith('"') && /[\r\n]/u.test(cell));
  if (torn === -1) return { kind: 'cells', cells };
  return {
    kind: 'broken',
    cells,
    problem: `cell ${torn + 1} begins with a quote that is closed only in a later row, so these rows are one`,
  };
}
