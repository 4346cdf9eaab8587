/** Manual review: a person says what a row is that Souk could not decide. */
import { appendAudit, isUuid, type AuditActor, type Transaction } from '../../database/index.ts';
import type { Acting } from '../../registry/installations/index.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { Tell } from '../events/index.ts';
import { applyDecision, type HeldRow } from '../records/index.ts';
import type { EndingPorts } from './ending.ts';
import { importNotFound, ROW_COLUMNS, ROW_TABLES, rowOf, type ImportRow } from './reading.ts';

export type ReviewDecision = {
  readonly importId: string;
  readonly row: number;
  readonly verdict:
    | { readonly kind: 'accept' }
    | { readonly kind: 'merge'; readonly recordId: string }
    | { readonly kind: 'reject' };
};

type Row = Parameters<typeof rowOf>[0];
type HeldTableRow = {
  outcome: string;
  mode: string;
  record_type: string;
  plugin_id: HeldRow['plugin'];
  original: string;
  data: string | null;
};

export function decideHeld(
  { database, tell }: EndingPorts,
  { orgId, actor }: Acting,
  decision: ReviewDecision,
): Promise<ImportRow> {
  return database.transaction({ kind: 'org', orgId }, async (tx) => {
    const held = await requireHeld(tx, orgId, decision);
    const outcome = await outcomeOf(tx, held, decision, tell);
    await record(tx, orgId, actor, { decision, outcome });
    const { importId, row } = decision;
    const [decided] = await tx.em.execute<Row[]>(
      `select ${ROW_COLUMNS} from ${ROW_TABLES} where evidence.import_id = ? and evidence.row = ?`,
      [importId, row],
    );
    if (!decided) throw importNotFound();
    return rowOf(decided);
  });
}

/** The row, locked; whoever decides second finds it decided. */
async function requireHeld(
  tx: Transaction,
  orgId: string,
  { importId, row }: ReviewDecision,
): Promise<HeldRow> {
  const [found] = isUuid(importId)
    ? await tx.em.execute<HeldTableRow[]>(
        `select evidence.outcome, evidence.original, evidence.data, batch.mode, batch.record_type, batch.plugin_id
          from ${ROW_TABLES} where evidence.org_id = ? and evidence.import_id = ? and evidence.row = ? for update of evidence`,
        [orgId, importId, row],
      )
    : [];
  if (!found)
    throw new Refusal('import_not_found', { detail: 'The organization has no such row of an import.' });
  if (found.outcome !== 'held' || found.mode !== 'apply' || found.data === null) {
    const detail = found.mode === 'apply' ? `The row is ${found.outcome}.` : 'A dry run changes nothing.';
    throw new Refusal('import_row_not_held', { detail });
  }
  return {
    orgId,
    importId,
    row,
    recordType: found.record_type,
    plugin: found.plugin_id,
    original: JSON.parse(found.original) as JsonValue,
    data: JSON.parse(found.data) as JsonObject,
  };
}

type Outcome = { readonly outcome: 'accepted' | 'merged' | 'rejected'; readonly recordId: string | null };

async function outcomeOf(
  tx: Transaction,
  held: HeldRow,
  { verdict }: ReviewDecision,
  tell: Tell,
): Promise<Outcome> {
  if (verdict.kind === 'reject') return { outcome: 'rejected', recordId: null };
  const recordId = await applyDecision(tx, held, verdict.kind === 'merge' ? verdict.recordId : null, tell);
  return { outcome: verdict.kind === 'merge' ? 'merged' : 'accepted', recordId };
}

async function record(
  tx: Transaction,
  orgId: string,
  actor: AuditActor,
  { decision, outcome }: { readonly decision: ReviewDecision; readonly outcome: Outcome },
): Promise<void> {
  const { importId, row, verdict } = decision;
  const detail = { row, verdict: verdict.kind, record: outcome.recordId };
  const subject = `import:${importId}`;
  const action = 'import.row-decided';
  const audit = await appendAudit(tx, { scope: { kind: 'org', orgId }, actor, action, subject, detail });
  const said = { verdict: verdict.kind, by: actor, at: new Date().toISOString(), audit };
  await tx.em.execute(
    `update record_evidence set outcome = ?, record_id = ?, decision = ?::jsonb where import_id = ? and row = ?`,
    [outcome.outcome, outcome.recordId, JSON.stringify(said), importId, row],
  );
  await tx.em.execute(
    `update record_import set held = held - 1, ${outcome.outcome} = ${outcome.outcome} + 1 where id = ?`,
    [importId],
  );
}
