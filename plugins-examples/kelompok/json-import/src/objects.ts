/** Objects of JSON as rows: which member is about which field, and what each object says. */
import type { Json, ProposedRow } from 'souk/sdk';
import { ImportError } from '../../import-kit/import-error.ts';
import type { Source } from '../../import-kit/importer.ts';
import { fieldOf, valueOf, type KindOfRecord } from '../../import-kit/kind.ts';
import { proposalOf } from '../../import-kit/source-row.ts';
import { jsonItems, type JsonItem } from './items.ts';

type Known = { readonly kind: KindOfRecord; readonly fields: (member: string) => string | undefined };
type Read = {
  readonly original: Json;
  readonly data: Record<string, Json>;
  readonly problems: string[];
};

/** No record nests as deep, and what nests deeper overflows the stack of whoever writes it out again. */
const DEPTH_MAX = 64;
const STRANGE_MAX = 20;
const SHOWN_CHARS = 1_000;

/** @throws ImportError `file_unreadable` */
export async function* readObjects({ text, kind, settings, problem }: Source): AsyncGenerator<ProposedRow> {
  const strange = new Set<string>();
  const fields = (member: string): string | undefined => {
    const field = fieldOf(member, kind, settings.columns);
    if (field === undefined && strange.size < STRANGE_MAX) strange.add(member.slice(0, 40));
    return field;
  };
  let isEmpty = true;
  for await (const item of jsonItems(seen(text), problem)) {
    const read = readItem(item, { kind, fields });
    yield proposalOf({ row: item.row, ...read }, { kind: kind.kind, organization: settings.organization });
  }
  if (isEmpty) throw new ImportError('file_unreadable', 'The file is empty.');
  if (strange.size > 0)
    problem(
      `Of no field of a ${kind.kind} and not taken: ${[...strange].map((name) => `"${name}"`).join(', ')}.`,
    );

  async function* seen(pieces: AsyncIterable<string>): AsyncGenerator<string> {
    for await (const piece of pieces) {
      if (piece.trim() !== '') isEmpty = false;
      yield piece;
    }
  }
}

function readItem(item: JsonItem, known: Known): Read {
  if (item.kind === 'broken') return broken(item.text, item.problem);
  const value = parse(item.text);
  if (value === undefined) return broken(item.text, 'is not JSON');
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return broken(item.text, 'is no object with members');
  if (nestsDeeper(value, DEPTH_MAX)) return broken(item.text, `nests deeper than ${DEPTH_MAX} levels`);
  return { original: value, ...readMembers(value as Record<string, Json>, known) };
}

function broken(text: string, problem: string): Read {
  return { original: text.slice(0, SHOWN_CHARS).toWellFormed(), data: {}, problems: [problem] };
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function nestsDeeper(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((child: Json) => nestsDeeper(child, levels - 1));
}

function readMembers(value: Record<string, Json>, { fields }: Known): Omit<Read, 'original'> {
  const said = new Map<string, Json>();
  const problems: string[] = [];
  for (const [member, raw] of Object.entries(value)) {
    const field = fields(member);
    if (field === undefined || raw === null || raw === '') continue;
    const meant = meaningOf(field, raw);
    const before = said.get(field);
    if (before === undefined) said.set(field, meant);
    else if (JSON.stringify(before) !== JSON.stringify(meant))
      problems.push(`two members are ${field} and say different things`);
  }
  return { data: Object.fromEntries(said), problems };
}

/** Every field is text or a list of texts; numbers as another system writes them are taken as they stand. */
function meaningOf(field: string, raw: Json): Json {
  if (typeof raw === 'string') return valueOf(field, raw);
  return typeof raw === 'number' ? String(raw) : raw;
}
