/** Events that a handler failed on too often: looked at, delivered once more, or thrown away. */
import { appendAudit, type Database, type Transaction } from '../../database/index.ts';
import type { Acting } from '../../registry/installations/index.ts';
import type { JsonValue } from '../../spec/json.ts';
import { EVENT_LIMITS } from '../../spec/limits.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';

export type DeadLetter = {
  readonly id: string;
  readonly event: {
    readonly id: string;
    readonly name: string;
    readonly key: string | null;
    readonly data: JsonValue;
    readonly emitter: PluginId | 'core';
    readonly emittedAt: Date;
  };
  /** Who should have heard it. */
  readonly plugin: PluginId;
  readonly subscription: string;
  readonly attempts: number;
  readonly error: string;
  readonly deadAt: Date;
};

export type DeadLetterQuery = {
  readonly limit: number;
  readonly before?: string;
  readonly plugin?: PluginId;
};

type Row = {
  id: string;
  event_id: string;
  name: string;
  key: string | null;
  data: string;
  emitter: PluginId | 'core';
  emitted_at: Date | string;
  plugin_id: PluginId;
  subscription: string;
  attempts: number;
  last_error: string | null;
  dead_at: Date | string;
};

/** Newest first, one more than the limit where there are more. */
export async function listDeadLetters(
  database: Database,
  orgId: string,
  { limit, before, plugin }: DeadLetterQuery,
): Promise<DeadLetter[]> {
  const rows = await database.transaction({ kind: 'org', orgId }, ({ em }) =>
    em.execute<Row[]>(
      `select delivery.id::text, delivery.event_id, event.name, event.key, event.data, event.emitter, event.emitted_at,
          installation.plugin_id, delivery.subscription, delivery.attempts, delivery.last_error, delivery.dead_at
        from event_delivery delivery join event on event.id = delivery.event_id
          join installation on installation.id = delivery.installation_id
        where delivery.org_id = ? and delivery.state = 'dead' and delivery.id < ?::bigint
          and (?::text is null or installation.plugin_id = ?::text)
        order by delivery.id desc limit ?`,
      [orgId, before ?? '9223372036854775807', plugin ?? null, plugin ?? null, limit + 1],
    ),
  );
  return rows.map(toDeadLetter);
}

function toDeadLetter(row: Row): DeadLetter {
  return {
    id: row.id,
    event: {
      id: row.event_id,
      name: row.name,
      key: row.key,
      data: JSON.parse(row.data) as JsonValue,
      emitter: row.emitter,
      emittedAt: new Date(row.emitted_at),
    },
    plugin: row.plugin_id,
    subscription: row.subscription,
    attempts: row.attempts,
    error: row.last_error ?? '',
    deadAt: new Date(row.dead_at),
  };
}

/** One dead letter, or those of a plugin, or all of the organization. */
export type DeadLetterChoice = { readonly id: string } | { readonly plugin: PluginId } | 'all';

/** They get new numbers in the order of their old ones. */
const REPLAY_SQL = `update event_delivery each set id = fresh.id, state = 'fresh', attempts = 0, last_error = null, dead_at = null
  from (select nextval(pg_get_serial_sequence('event_delivery', 'id')) as id, chosen.id as was
    from (select id, n from jsonb_to_recordset(?::jsonb) as chosen (n int, id bigint) order by n) as chosen) as fresh
  where each.id = fresh.was`;

/**
 * Puts dead letters at the end of their lanes, oldest first, with all attempts before them; at most a thousand at once.
 *
 * @returns how many
 * @throws Refusal `dead_letter_not_found` for one that there is not
 */
export async function replayDeadLetters(
  database: Database,
  wake: () => void,
  { orgId, actor }: Acting,
  choice: DeadLetterChoice,
): Promise<number> {
  return database.transaction({ kind: 'org', orgId }, async (tx) => {
    const chosen = await choose(tx, orgId, choice);
    await tx.em.execute(REPLAY_SQL, [JSON.stringify(chosen.map(({ id }, n) => ({ n, id })))]);
    tx.afterCommit(wake);
    await audit(tx, { orgId, actor }, 'event.replayed', choice, chosen.length);
    return chosen.length;
  });
}

/** @throws Refusal `dead_letter_not_found` */
export async function discardDeadLetter(database: Database, acting: Acting, id: string): Promise<void> {
  const { orgId } = acting;
  await database.transaction({ kind: 'org', orgId }, async (tx) => {
    const [chosen] = await choose(tx, orgId, { id });
    await tx.em.execute('delete from event_delivery where id = ?', [chosen?.id]);
    await audit(tx, acting, 'event.discarded', { id }, 1);
  });
}

type Chosen = { id: string };

async function choose(tx: Transaction, orgId: string, choice: DeadLetterChoice): Promise<Chosen[]> {
  const id = choice !== 'all' && 'id' in choice ? choice.id : null;
  const plugin = choice !== 'all' && 'plugin' in choice ? choice.plugin : null;
  const chosen =
    id !== null && !/^\d{1,18}$/u.test(id)
      ? []
      : await tx.em.execute<Chosen[]>(
          `select delivery.id::text from event_delivery delivery join installation on installation.id = delivery.installation_id
           where delivery.org_id = ? and delivery.state = 'dead' and (?::bigint is null or delivery.id = ?::bigint)
             and (?::text is null or installation.plugin_id = ?::text)
           order by delivery.id limit ? for update of delivery`,
          [orgId, id, id, plugin, plugin, EVENT_LIMITS.replayMax],
        );
  if (id !== null && chosen.length === 0) {
    throw new Refusal('dead_letter_not_found', {
      detail: 'The organization has no dead letter with this id.',
    });
  }
  return chosen;
}

async function audit(
  tx: Transaction,
  { actor }: Acting,
  action: string,
  choice: DeadLetterChoice,
  count: number,
): Promise<void> {
  const subject =
    choice === 'all'
      ? 'dead-letters'
      : 'id' in choice
        ? `dead-letter:${choice.id}`
        : `plugin:${choice.plugin}`;
  await appendAudit(tx, { scope: tx.scope, actor, action, subject, detail: { count } });
}
