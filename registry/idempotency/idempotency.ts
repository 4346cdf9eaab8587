/**
 * Writes with an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header, section 2.6): the first request takes
 * the key, works, and leaves its answer; the same request again gets that answer; another request under the key is
 * refused. The truth is in the database, so that a retry may reach another server.
 */
import type { Database } from '../../database/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { Fault, Refusal } from '../../spec/refusal.ts';
import { IdempotencyEntryEntity } from '../entities/index.ts';

/** How long an answer is kept. */
const KEEP_MS = 24 * 60 * 60_000;
/** After this long, a request without an answer is taken for dead, and may be sent again. */
const WORK_MS_MAX = 5 * 60_000;
/**
 * Where its server was killed, after this long: PostgreSQL ends a connection, and what was under way on it, when the
 * process at the other end is gone. A server that only lost its connections has them back sooner.
 */
const ABANDONED_MS_MIN = 3_000;
/** RFC 9110, section 5.5: visible characters and inner spaces. */
const KEY = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/u;

type IdempotentRequest = {
  /** Whose key it is; keys of others are others. */
  readonly owner: string;
  /** The header as it came. */
  readonly key: string;
  /** SHA-256 over method, path and body, hexadecimal. */
  readonly requestDigest: string;
};

type IdempotentAnswer = { readonly status: number; readonly response: JsonObject };

/** `first`: work, then `keepAnswer` or `releaseKey`. `known`: give this answer again. */
type KeyTaken = { readonly kind: 'first' } | ({ readonly kind: 'known' } & IdempotentAnswer);

type Row = {
  request_digest: string;
  status: number | null;
  response: JsonObject | null;
  is_mine: boolean;
};

/**
 * Takes the key, alone among all servers.
 * @throws Refusal `idempotency_key_invalid`, `idempotency_key_reused` or `idempotency_key_in_use`
 */
export async function takeKey(database: Database, request: IdempotentRequest, now: Date): Promise<KeyTaken> {
  if (!KEY.test(request.key))
    throw new Refusal('idempotency_key_invalid', { detail: `The key has ${request.key.length} characters.` });
  const row = await database.transaction({ kind: 'instance' }, async ({ em }) => {
    const { owner, key, requestDigest } = request;
    const deadAt = new Date(now.getTime() + WORK_MS_MAX);
    const abandonedBefore = new Date(now.getTime() - ABANDONED_MS_MIN);
    const bindings = [owner, key, requestDigest, now, deadAt, now, abandonedBefore, owner, key];
    const rows = await em.execute<Row[]>(TAKE, bindings);
    return rows.find(({ is_mine: isMine }) => isMine) ?? rows[0];
  });
  if (!row)
    throw new Refusal('idempotency_key_in_use', { detail: 'The same key arrived twice at this moment.' });
  return judge(row, request);
}

/**
 * An expired entry is taken over in place, and one of the same request whose server is gone. Only one of several
 * requests at once gets a row with `is_mine`.
 */
const TAKE = `
with mine as (
  insert into idempotency_entry as entry (owner, key, request_digest, created_at, expires_at, holder)
  values (?, ?, ?, ?, ?, current_setting('application_name'))
  on conflict (owner, key) do update
    set request_digest = excluded.request_digest, status = null, response = null,
        created_at = excluded.created_at, expires_at = excluded.expires_at, holder = excluded.holder
    where entry.expires_at <= ? or (
      entry.status is null and entry.request_digest = excluded.request_digest and entry.created_at <= ?
      and entry.holder is not null
      and not exists (select 1 from pg_stat_activity where application_name = entry.holder)
    )
  returning request_digest, status, response, true as is_mine
)
select * from mine
union all
select request_digest, status, response, false from idempotency_entry where owner = ? and key = ?`;

function judge(row: Row, request: IdempotentRequest): KeyTaken {
  if (row.is_mine) return { kind: 'first' };
  if (row.request_digest !== request.requestDigest)
    throw new Refusal('idempotency_key_reused', {
      detail: 'The key was used with another method, path or body.',
    });
  if (row.status === null || row.response === null)
    throw new Refusal('idempotency_key_in_use', {
      detail: 'The first request with this key has no answer yet.',
    });
  return { kind: 'known', status: row.status, response: row.response };
}

/** Keeps the answer for whoever sends the request again. @throws Fault when the key was not taken */
export async function keepAnswer(
  database: Database,
  request: IdempotentRequest,
  answer: IdempotentAnswer,
  now: Date,
): Promise<void> {
  const { owner, key, requestDigest } = request;
  await database.transaction({ kind: 'instance' }, async ({ em }) => {
    const kept = await em.nativeUpdate(
      IdempotencyEntryEntity,
      { owner, key, requestDigest },
      { status: answer.status, response: answer.response, expiresAt: new Date(now.getTime() + KEEP_MS) },
    );
    if (kept === 0) throw new Fault('an answer was kept for an idempotency key that was not taken');
  });
}

/** Gives the key back after a failure that may pass, so that the request can be sent again. */
export async function releaseKey(database: Database, request: IdempotentRequest): Promise<void> {
  const { owner, key, requestDigest } = request;
  await database.transaction({ kind: 'instance' }, async ({ em }) => {
    await em.nativeDelete(IdempotencyEntryEntity, { owner, key, requestDigest, status: null });
  });
}

/** Takes away answers that nobody can ask for any more. @returns how many */
export async function sweepKeys(database: Database, now: Date): Promise<number> {
  return database.transaction({ kind: 'instance' }, ({ em }) =>
    em.nativeDelete(IdempotencyEntryEntity, { expiresAt: { $lte: now } }),
  );
}
