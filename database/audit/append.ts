import { createHash } from 'node:crypto';
import type { JsonValue } from '../../spec/json.ts';
import { Fault } from '../../spec/refusal.ts';
import type { Scope, Transaction } from '../transaction.ts';
import { chainOf } from './chain.ts';
import { AuditEntryEntity } from './entities.ts';
import { createEntryIds } from './entry-id.ts';

/** Who did it. */
export type AuditActor =
  | { readonly kind: 'user'; readonly userId: string; readonly tokenId?: string }
  | { readonly kind: 'plugin'; readonly plugin: string }
  | { readonly kind: 'system'; readonly name: string }
  | { readonly kind: 'anonymous' };

export type AuditEvent = {
  /** Whose chain it belongs to. */
  readonly scope: Scope;
  readonly actor: AuditActor;
  /** Noun and verb of our own, such as `package.published`. */
  readonly action: string;
  /** What it was done to, such as `plugin:kelompok/csv-import@0.1.0`; may hold what a stranger wrote. */
  readonly subject: string;
  /** Facts of the moment; no secret, for entries are never removed. */
  readonly detail?: JsonValue;
};

const ACTION = /^[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)+$/u;
const SUBJECT_CHARS_MAX = 512;
const DETAIL_CHARS_MAX = 16_384;

const nextId = createEntryIds();

/**
 * Writes an entry in the caller's transaction: it is there if and only if the transaction commits. The sealer chains
 * it afterwards, so that no chain makes writers wait for each other.
 *
 * @returns the id of the entry
 */
export async function appendAudit(tx: Transaction, event: AuditEvent): Promise<string> {
  const row = rowOf(event);
  await tx.em.insert(AuditEntryEntity, row);
  return row.id;
}

/** As many as one statement takes; each row is some hundred bytes. */
const BATCH = 500;

/** The same for what one decision does in many organizations at once. */
export async function appendAuditOfMany(tx: Transaction, events: readonly AuditEvent[]): Promise<void> {
  const rows = events.map(rowOf);
  for (let from = 0; from < rows.length; from += BATCH) {
    await tx.em.insertMany(AuditEntryEntity, rows.slice(from, from + BATCH));
  }
}

function rowOf(event: AuditEvent) {
  if (!ACTION.test(event.action)) throw new Fault(`"${event.action}" is no audit action`);
  return {
    id: nextId(),
    chain: chainOf(event.scope),
    orgId: event.scope.kind === 'org' ? event.scope.orgId : null,
    occurredAt: new Date(),
    actor: JSON.stringify(event.actor),
    action: event.action,
    subject: storable(event.subject),
    detail: detailText(event.detail ?? {}),
  };
}

/** PostgreSQL stores no NUL and no lone surrogate; a name that a stranger chose may have either, and any length. */
function storable(subject: string): string {
  return subject.slice(0, SUBJECT_CHARS_MAX).toWellFormed().replaceAll('\0', '\uFFFD');
}

/** JSON.stringify escapes both. What is too long is represented by its digest. */
function detailText(detail: JsonValue): string {
  const text = JSON.stringify(detail);
  if (text.length <= DETAIL_CHARS_MAX) return text;
  return JSON.stringify({
    omitted: 'longer than an audit entry takes',
    chars: text.length,
    sha256: createHash('sha256').update(text).digest('hex'),
  });
}
