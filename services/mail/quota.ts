/** How much mail plugins may send: recipients per day (UTC), of an installation and of its organization. */
import type { Database } from '../../database/index.ts';
import { requireMailQuota } from '../../spec/host/mail-checks.ts';

export type MailOwner = { readonly orgId: string; readonly installationId: string };

/**
 * Counts recipients before they are written to: a server that fails counts as well, so that nobody can try for ever.
 * @throws Refusal `mail_quota_exceeded`
 */
export async function countRecipients(
  database: Database,
  { orgId, installationId }: MailOwner,
  recipients: number,
): Promise<void> {
  await database.transaction({ kind: 'org', orgId }, async ({ em }) => {
    // One row at a time for each organization, or two that count at once would both fit.
    await em.execute('select 1 from mail_server where org_id = ? for update', [orgId]);
    await em.execute(
      `insert into mail_usage (org_id, installation_id, day, recipients)
        values (?, ?, (now() at time zone 'utc')::date, ?)
        on conflict (org_id, installation_id, day) do update
        set recipients = mail_usage.recipients + excluded.recipients`,
      [orgId, installationId, recipients],
    );
    const [used] = await em.execute<{ mine: number; all: number }[]>(
      `select coalesce(sum(recipients) filter (where installation_id = ?), 0)::int as mine,
          coalesce(sum(recipients), 0)::int as all
        from mail_usage where org_id = ? and day = (now() at time zone 'utc')::date`,
      [installationId, orgId],
    );
    requireMailQuota({ plugin: used?.mine ?? 0, organization: used?.all ?? 0 });
  });
}

/** Days that no limit looks at any more. @returns how many rows went */
export async function sweepMailUsage(database: Database): Promise<number> {
  return database.transaction({ kind: 'instance' }, async ({ em }) => {
    const rows = await em.execute<unknown[]>(
      `delete from mail_usage where day < (now() at time zone 'utc')::date - 31 returning 1`,
    );
    return rows.length;
  });
}
