/**
 * What becomes of one row: accepted as a new record, merged into one that is there, unchanged, rejected, or held for a
 * person. Pure and deterministic: the same rows against the same records end the same way.
 *
 * A row is the record that shares a key with it. It is held where that is not one record for certain, or where it
 * would overwrite what another source or another row of the same import has said.
 */
import type { JsonObject } from '../json.ts';
import { RECORD_LIMITS } from '../limits.ts';
import type { Violation } from '../refusal.ts';
import { toPointer } from '../strict-json.ts';
import { keysOf, type RecordKey } from './keys.ts';
import { newRecordId, type KnownRecord, type KnownRecords } from './known-records.ts';
import { differences, merged, mergedSources } from './merging.ts';
import type { Judgement } from './proposal.ts';
import type { ReadRow } from './read-row.ts';
import type { Verdict } from './verdict.ts';

/** Decides a row, and puts what becomes of it into `known`. */
export function decideRow(read: ReadRow | Violation[], known: KnownRecords, judgement: Judgement): Verdict {
  if (Array.isArray(read)) return { outcome: 'rejected', reasons: read };
  const prior = known.decisionOn(read.hash);
  if (prior?.kind === 'rejected') return rejected('', 'a person rejected an equal row before');
  const target = targetOf(read, known, prior?.kind === 'recorded' ? prior.recordId : read.proposal.id);
  const verdict = settle(read, target, known, judgement);
  if (verdict.outcome !== 'held') return verdict;
  if (prior?.kind === 'waiting') {
    const message = `an equal row waits for review: row ${prior.row} of the import ${prior.importId}`;
    return { outcome: 'unchanged', recordId: null, reasons: [{ pointer: '', message }] };
  }
  known.noteDecision(read.hash, {
    kind: 'waiting',
    importId: judgement.importId,
    row: read.proposal.row,
  });
  return verdict;
}

function settle(read: ReadRow, target: Target, known: KnownRecords, judgement: Judgement): Verdict {
  switch (target.kind) {
    case 'none':
      return rejected('/id', 'no record of this type has this id');
    case 'unclear':
      return held(read, target.candidates, [{ pointer: '', message: target.why }]);
    case 'alike':
      return likenessVerdict(read, target.candidates, known);
    case 'new':
      return accept(read, known, judgement);
    case 'record':
      return merge(read, target.record, { known, judgement, by: 'rule' });
  }
}

type Target =
  | { readonly kind: 'none' }
  | { readonly kind: 'new' }
  | { readonly kind: 'record'; readonly record: KnownRecord }
  | { readonly kind: 'alike'; readonly candidates: readonly string[] }
  | { readonly kind: 'unclear'; readonly candidates: readonly string[]; readonly why: string };

function targetOf(read: ReadRow, known: KnownRecords, id: string | undefined): Target {
  if (id !== undefined) {
    const record = known.find(id);
    return record ? { kind: 'record', record } : { kind: 'none' };
  }
  const keys = read.keys.filter(({ kind }) => kind === 'key');
  const hits = keys.flatMap((key) => known.withKey(key).map((recordId) => ({ key, recordId })));
  const candidates = [...new Set(hits.map(({ recordId }) => recordId))];
  const [best] = hits;
  const record = best && known.find(best.recordId);
  if (!best || !record) return keys.length > 0 ? { kind: 'new' } : likeTarget(read, known);
  if (candidates.length > 1)
    return { kind: 'unclear', candidates, why: `its keys belong to ${candidates.length} records` };
  if (contradicts(keys, best.key, record))
    return { kind: 'unclear', candidates, why: 'a record agrees in one key and contradicts a stronger one' };
  return { kind: 'record', record };
}

/** A row without a key is known by its likeness alone. */
function likeTarget(read: ReadRow, known: KnownRecords): Target {
  const likeness = read.keys.find(({ kind }) => kind === 'likeness');
  const candidates = likeness ? known.withKey(likeness) : [];
  return candidates.length > 0 ? { kind: 'alike', candidates } : { kind: 'new' };
}

/** The same address and another number in the same system: two people behind one address, or a mistake. */
function contradicts(keys: readonly RecordKey[], met: RecordKey, record: KnownRecord): boolean {
  return keys
    .filter(({ rank }) => rank < met.rank)
    .some((key) =>
      record.keys.some(({ kind, rank, text }) => kind === 'key' && rank === key.rank && text !== key.text),
    );
}

function likenessVerdict(read: ReadRow, candidates: readonly string[], known: KnownRecords): Verdict {
  const equal = candidates.find((id) => {
    const record = known.find(id);
    return record !== undefined && differences(record, read.data).length === 0;
  });
  if (equal !== undefined) return { outcome: 'unchanged', recordId: equal, reasons: [] };
  const message = 'it has no key, and is like a record that is there';
  return held(read, candidates, [{ pointer: '', message }]);
}

/** Makes a new record of a row, whatever it is like. */
export function accept(read: ReadRow, known: KnownRecords, judgement: Judgement): Verdict {
  const data = { ...read.data, ...freeSlugs(read, known) };
  const reasons = faultsOf(data, read, known, judgement);
  if (reasons.length > 0) return { outcome: 'rejected', reasons };
  const record: KnownRecord = {
    id: newRecordId(),
    data,
    sources: { '*': judgement.plugin },
    lastImportId: judgement.importId,
    keys: keysOf(judgement.judged.type, data),
    standing: 'new',
  };
  known.put(record);
  return { outcome: 'accepted', recordId: record.id };
}

/** The slug that follows from the name, told apart by the stronger key where another record has it. */
function freeSlugs({ slugs }: ReadRow, known: KnownRecords): JsonObject {
  return Object.fromEntries(
    slugs.map(({ field, plain, apart, key }) => [field, known.withKey(key).length === 0 ? plain : apart]),
  );
}

/** @param by a person may write over what somebody else has said */
export function merge(
  read: ReadRow,
  record: KnownRecord,
  {
    known,
    judgement,
    by,
  }: { readonly known: KnownRecords; readonly judgement: Judgement; readonly by: 'rule' | 'person' },
): Verdict {
  const data = merged(record.data, read.data);
  const reasons = faultsOf(data, read, known, judgement);
  if (reasons.length > 0) return { outcome: 'rejected', reasons };
  const changes = differences(record, read.data);
  if (changes.length === 0) return { outcome: 'unchanged', recordId: record.id, reasons: [] };
  const conflicts = changes.flatMap((change) => conflictOf(change, record, read, judgement));
  if (by === 'rule' && conflicts.length > 0) return held(read, [record.id], conflicts);
  known.put({
    ...record,
    data,
    sources: mergedSources(record.sources, changes, judgement.plugin),
    lastImportId: judgement.importId,
    keys: keysOf(judgement.judged.type, data),
    standing: record.standing === 'new' ? 'new' : 'changed',
  });
  return { outcome: 'merged', recordId: record.id };
}

function conflictOf(
  { field, before, source }: ReturnType<typeof differences>[number],
  { lastImportId }: KnownRecord,
  { proposal }: ReadRow,
  { plugin, importId }: Judgement,
): Violation[] {
  if (before === undefined || field === plugin) return [];
  const pointer = toPointer([field]);
  if (source !== plugin) return [{ pointer, message: `differs from what ${source} has said` }];
  if (lastImportId === importId && proposal.id === undefined)
    return [{ pointer, message: 'differs from another row of the same import about the same record' }];
  return [];
}

/** The rules of the type over what the record would be, and the records that the row names; stored names stay. */
function faultsOf(data: JsonObject, read: ReadRow, known: KnownRecords, { judged }: Judgement): Violation[] {
  const violations = judged.violationsOf(data);
  if (violations.length > 0) return violations;
  return Object.entries(judged.type.references ?? {}).flatMap(([field, type]) => {
    const slug = read.data[field];
    if (typeof slug !== 'string' || known.references.has(`${type}:${slug}`)) return [];
    return [{ pointer: toPointer([field]), message: `names no ${type} that is there` }];
  });
}

function rejected(pointer: string, message: string): Verdict {
  return { outcome: 'rejected', reasons: [{ pointer, message }] };
}

function held({ hash }: ReadRow, candidates: readonly string[], reasons: readonly Violation[]): Verdict {
  return {
    outcome: 'held',
    reasons,
    candidates: candidates.slice(0, RECORD_LIMITS.candidatesMax),
    proposalHash: hash,
  };
}
