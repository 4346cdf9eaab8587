/** How imports end. */
import { appendAudit, type AuditActor, type Database, type Transaction } from '../../database/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { importEvent, importEventName } from '../../spec/records/record-events.ts';
import type { Counts } from '../../spec/records/verdict.ts';
import type { Tell } from '../events/index.ts';

export type EndingPorts = { readonly database: Database; readonly tell: Tell };

export type ImportEnd = { readonly state: 'completed' | 'failed'; readonly problem: string | null };

const PROBLEM_CHARS_MAX = 2_000;
/** A run that is no job has ended long before (RUN_LIMITS). */
const ALONE_MINUTES_MAX = 15;

type Ended = {
  id: string;
  org_id: string;
  state: ImportEnd['state'];
  record_type: string;
  plugin_id: PluginId;
  mode: string;
  problem: string | null;
} & Counts;

const ENDED =
  'id, org_id, state, record_type, plugin_id, mode, problem, accepted, merged, unchanged, rejected, held';

function countsIn({ accepted, merged, unchanged, rejected, held }: Ended): Counts {
  return { accepted, merged, unchanged, rejected, held };
}

/** An import ends once: the lock of its row is what keeps its events in order. */
function tellEnds(tx: Transaction, orgId: string, ended: readonly Ended[], tell: Tell): Promise<void> {
  const names = [...new Set(ended.map(({ state }) => importEventName(state)))];
  return tell(tx, orgId, { names, make: () => ended.map(eventOf) });
}

function eventOf(row: Ended): ReturnType<typeof importEvent> {
  const { id, state, record_type: recordType, plugin_id: plugin, mode } = row;
  return importEvent({ id, state, recordType, plugin, mode, counts: countsIn(row) });
}

/** Ends it once; the audit keeps the counts and a digest of what became of every row. */
export async function endImport(
  { database, tell }: EndingPorts,
  orgId: string,
  importId: string,
  { state, problem }: ImportEnd,
): Promise<void> {
  await database.transaction({ kind: 'org', orgId }, async (tx) => {
    const text = problem === null ? null : storable(problem);
    const [row] = await tx.em.execute<Ended[]>(
      `update record_import set state = ?, problem = ?, ended_at = now()
        where id = ? and org_id = ? and state in ('queued', 'running')
        returning ${ENDED}`,
      [state, text, importId, orgId],
    );
    if (!row) return;
    await forgetDrafts(tx, importId);
    await tellEnds(tx, orgId, [row], tell);
    await auditEnd(tx, row, { kind: 'plugin', plugin: row.plugin_id });
  });
}

async function auditEnd(tx: Transaction, row: Ended, actor: AuditActor): Promise<void> {
  const { id, org_id: orgId, state, problem, plugin_id: plugin, mode } = row;
  const detail: JsonObject = {
    plugin,
    mode,
    problem,
    ...countsIn(row),
    rowsSha256: await digestOf(tx, id),
  };
  const subject = `import:${id}`;
  await appendAudit(tx, { scope: { kind: 'org', orgId }, actor, action: `import.${state}`, subject, detail });
}

function storable(text: string): string {
  return text.slice(0, PROBLEM_CHARS_MAX).toWellFormed().replaceAll('\0', '\uFFFD');
}

async function forgetDrafts(tx: Transaction, importId: string): Promise<void> {
  await tx.em.execute('delete from record_draft where import_id = ?', [importId]);
  await tx.em.execute('delete from record_draft_key where import_id = ?', [importId]);
}

/** Of the lines `row outcome record`, with `-` for no record: the rows hang below the entry of the audit. */
async function digestOf(tx: Transaction, importId: string): Promise<string> {
  const [row] = await tx.em.execute<{ digest: string }[]>(
    `select encode(sha256(convert_to(coalesce(string_agg(
        row || ' ' || outcome || ' ' || coalesce(record_id::text, '-'), E'\\n' order by row), ''), 'UTF8')), 'hex')
      as digest from record_evidence where import_id = ?`,
    [importId],
  );
  return row?.digest ?? '';
}

/**
 * An import whose job was canceled, or given up after its servers were lost, has nobody left to end it.
 * @param tx in the scope of an organization, or of the instance
 */
export async function settleLost(tx: Transaction, tell: Tell): Promise<number> {
  const lost = await tx.em.execute<Ended[]>(
    `update record_import set state = 'failed', ended_at = now(),
        problem = coalesce((select 'Its job was ' || job.state || '.' from job where job.id = record_import.job_id),
          'The run that began it is gone.')
      where state in ('queued', 'running') and case when job_id is null
        then started_at < now() - interval '${ALONE_MINUTES_MAX} minutes'
        else not exists (select from job where job.id = record_import.job_id and job.ended_at is null) end
      returning ${ENDED}`,
  );
  for (const [orgId, ended] of Map.groupBy(lost, ({ org_id }) => org_id))
    await tellEnds(tx, orgId, ended, tell);
  for (const row of lost) {
    await forgetDrafts(tx, row.id);
    await auditEnd(tx, row, { kind: 'system', name: 'imports' });
  }
  return lost.length;
}
