/** Carries out what a person decided about a row that was held. */
import type { Transaction } from '../../database/index.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { Tell } from '../events/index.ts';
import { accept, merge } from '../../spec/records/decision.ts';
import { hasOwnFields, judge } from '../../spec/records/judged-type.ts';
import type { Judgement } from '../../spec/records/proposal.ts';
import type { Verdict } from '../../spec/records/verdict.ts';
import { findRecordType } from './record-types.ts';
import { loadKnown } from './loading.ts';
import { takeTypeLock } from './proposing.ts';
import { readRow } from '../../spec/records/read-row.ts';
import { countUsage, writeRecords } from './writing.ts';

export type HeldRow = {
  readonly orgId: string;
  readonly importId: string;
  readonly row: number;
  readonly recordType: string;
  readonly plugin: PluginId;
  readonly original: JsonValue;
  readonly data: JsonObject;
};

/**
 * @param recordId the record to merge the row into, whose values give way; null for a new record
 * @returns the record that the row has become
 * @throws Refusal `import_decision_invalid`, `record_type_not_in_force`, `record_quota_exceeded`
 */
export async function applyDecision(
  tx: Transaction,
  held: HeldRow,
  recordId: string | null,
  tell: Tell,
): Promise<string> {
  const { orgId, importId, recordType, plugin, row, original, data } = held;
  const found = await findRecordType(tx, orgId, recordType);
  const judged = judge(found);
  await takeTypeLock(tx, orgId, judged.name);
  const ownFields = hasOwnFields(found, plugin) ? 'yes' : 'no';
  const judgement: Judgement = { judged, plugin, ownFields, importId };
  const target = recordId === null ? {} : { id: recordId };
  const read = readRow({ row, original, data, ...target }, judgement);
  if (Array.isArray(read)) throw refused({ outcome: 'rejected', reasons: read });
  const batch = { id: importId, orgId, recordType: judged.name, mode: 'apply' } as const;
  const known = await loadKnown(tx, batch, judged, [read]);
  const record = recordId === null ? undefined : known.find(recordId);
  if (recordId !== null && !record)
    throw new Refusal('import_decision_invalid', {
      detail: `There is no ${recordType} of the id to merge into.`,
    });
  const verdict = record
    ? merge(read, record, { known, judgement, by: 'person' })
    : accept(read, known, judgement);
  if (!('recordId' in verdict) || verdict.recordId === null) throw refused(verdict);
  await countUsage(tx, batch, known.changes().added.length, 0);
  await writeRecords(tx, batch, known, tell);
  return verdict.recordId;
}

function refused(verdict: Verdict): Refusal {
  const violations = 'reasons' in verdict ? verdict.reasons : [];
  const [first] = violations;
  return new Refusal('import_decision_invalid', {
    detail: `The row breaks a rule of the type: ${first?.pointer ?? ''} ${first?.message ?? ''}.`,
    violations,
  });
}
