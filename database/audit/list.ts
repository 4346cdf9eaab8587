import type { InferEntity } from '@mikro-orm/core';
import type { JsonValue } from '../../spec/json.ts';
import { HTTP_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { Database } from '../database.ts';
import type { Scope } from '../transaction.ts';
import { isUuid } from '../../spec/uuid.ts';
import { chainOf } from './chain.ts';
import { AuditEntryEntity } from './entities.ts';

export type AuditEntry = {
  readonly id: string;
  readonly occurredAt: Date;
  readonly actor: JsonValue;
  readonly action: string;
  /** May hold what a stranger wrote. */
  readonly subject: string;
  readonly detail: JsonValue;
  /** Its place in the chain and the hash there; absent until the sealer has reached it. */
  readonly seal?: { readonly position: number; readonly hashHex: string };
};

export type AuditQuery = {
  /** Entries of this action only, such as `package.refused`. */
  readonly action?: string;
  /** Entries about this alone, such as `plugin:kelompok/csv-import`. */
  readonly subject?: string;
  /** From 1 to `HTTP_LIMITS.pageSizeMax`. */
  readonly pageSize?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
};

/**
 * Entries of the chain of a scope, newest first.
 * @throws Refusal `cursor_invalid`
 */
export async function listAudit(
  database: Database,
  scope: Scope,
  { action, subject, cursor, pageSize = HTTP_LIMITS.pageSizeDefault }: AuditQuery,
): Promise<{ readonly entries: readonly AuditEntry[]; readonly nextCursor: string | undefined }> {
  if (cursor !== undefined && !isUuid(cursor))
    throw new Refusal('cursor_invalid', { detail: 'The cursor is not one that this list gave.' });
  const limit = Math.min(Math.max(1, pageSize), HTTP_LIMITS.pageSizeMax);
  const where = {
    chain: chainOf(scope),
    ...(action === undefined ? {} : { action }),
    ...(subject === undefined ? {} : { subject }),
    ...(cursor === undefined ? {} : { id: { $lt: cursor } }),
  };
  // One more than is shown tells whether there is a next page.
  const rows = await database.transaction(scope, ({ em }) =>
    em.find(AuditEntryEntity, where, { orderBy: { id: 'desc' }, limit: limit + 1 }),
  );
  const entries = rows.slice(0, limit).map(entryOf);
  return { entries, nextCursor: rows.length > limit ? entries.at(-1)?.id : undefined };
}

type Row = InferEntity<typeof AuditEntryEntity>;

function entryOf({ id, occurredAt, actor, action, subject, detail, position, hash }: Row): AuditEntry {
  const sealed = typeof position === 'number' && hash instanceof Uint8Array;
  return {
    id,
    occurredAt,
    actor: jsonOf(actor),
    action,
    subject,
    detail: jsonOf(detail),
    ...(sealed ? { seal: { position, hashHex: Buffer.from(hash).toString('hex') } } : {}),
  };
}

/** The texts are stored as they were hashed; one that was tampered with is shown as it is. */
function jsonOf(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}
