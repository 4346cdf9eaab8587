/** One row as it stands in a file, before it is a proposal. */
import type { Json, ProposedRow } from 'souk/sdk';
import { UNDECODABLE } from './decoding.ts';
import type { RecordKind } from './kind.ts';

type RowValues = {
  /** Its number in the file. */
  readonly row: number;
  readonly original: Json;
  readonly data: { readonly [field: string]: Json };
  readonly problems: readonly string[];
};

type Belonging = { readonly kind: RecordKind; readonly organization: string | undefined };

/** @returns the row with the organization that it belongs to where it names none, and with what is wrong with it */
export function proposalOf({ row, original, data, problems }: RowValues, belonging: Belonging): ProposedRow {
  const faults = [...problems, ...undecodable(original)];
  if (faults.length > 0) return { row, original, data: {}, problems: faults.slice(0, 20) };
  const { kind, organization } = belonging;
  const own = data['organization'];
  const isOrphan = kind !== 'organization' && organization !== undefined && (own === undefined || own === '');
  return { row, original, data: isOrphan ? { ...data, organization } : data };
}

function undecodable(original: Json): string[] {
  const text = typeof original === 'string' ? original : JSON.stringify(original);
  if (!text.includes(UNDECODABLE)) return [];
  return [
    'holds bytes that are no characters in the encoding of the file: set "encoding", to windows-1252 for instance',
  ];
}
