/** Reads a file as an importer does, up to the proposals. */
import type { Json, ProposedRow } from 'souk/sdk';
import { decoded } from './decoding.ts';
import type { ReadRows } from './importer.ts';
import { KINDS, type RecordKind } from './kind.ts';
import { readSettings } from './settings.ts';

type Wish = {
  readonly kind?: RecordKind;
  readonly options?: Readonly<Record<string, Json>>;
  /** How many bytes come at once. */
  readonly pieceBytes?: number;
};

export async function readFile(
  readRows: ReadRows,
  file: string | Uint8Array,
  { kind: name = 'organization', options = {}, pieceBytes = 7 }: Wish = {},
): Promise<{ rows: ProposedRow[]; problems: string[] }> {
  const kind = KINDS.find((each) => each.kind === name);
  if (!kind) throw new TypeError(name);
  const settings = readSettings({}, options);
  const bytes = typeof file === 'string' ? new TextEncoder().encode(file) : file;
  const problems: string[] = [];
  const source = {
    text: decoded(pieces(bytes, pieceBytes), settings.encoding),
    kind,
    settings,
    problem: (message: string) => void problems.push(message),
  };
  return { rows: await Array.fromAsync(readRows(source)), problems };
}

async function* pieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}
