/** What the parts of identity share when they write. */
import { ForeignKeyConstraintViolationException, UniqueConstraintViolationException } from '@mikro-orm/core';
import { appendAudit, type AuditActor, type Scope, type Transaction } from '../database/index.ts';
import type { JsonValue } from '../spec/json.ts';
import { Refusal } from '../spec/refusal.ts';

/** The channel on which every server hears that what it knows of a user or token is out of date. */
export const IDENTITY_CHANNEL = 'souk_identity';

/** Tells all servers to ask again about a user. */
export async function announceUser(tx: Transaction, userId: string): Promise<void> {
  await tx.notify(IDENTITY_CHANNEL, `user:${userId}`);
}

/** Tells all servers to ask again about a token. */
export async function announceToken(tx: Transaction, tokenId: string): Promise<void> {
  await tx.notify(IDENTITY_CHANNEL, `token:${tokenId}`);
}

/** One entry in the chain of an organization. */
export async function auditOrg(
  tx: Transaction,
  actor: AuditActor,
  orgId: string,
  entry: { action: string; subject: string; detail?: JsonValue },
): Promise<void> {
  await appendAudit(tx, { scope: orgScope(orgId), actor, ...entry });
}

/** One entry in the chain of the instance. */
export async function auditInstance(
  tx: Transaction,
  actor: AuditActor,
  entry: { action: string; subject: string; detail?: JsonValue },
): Promise<void> {
  await appendAudit(tx, { scope: { kind: 'instance' }, actor, ...entry });
}

function orgScope(orgId: string): Scope {
  return { kind: 'org', orgId };
}

/** What to answer when the database finds that a row is there already, or that what it points at is not. */
export type Conflicts = { readonly taken?: () => Refusal; readonly dangling?: () => Refusal };

/**
 * Lets the database decide, so that of two who ask at once one is refused. The transaction is lost with the refusal.
 */
export async function refusingConflicts<Result>(
  write: () => Promise<Result>,
  conflicts: Conflicts,
): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof UniqueConstraintViolationException && conflicts.taken) throw conflicts.taken();
    if (error instanceof ForeignKeyConstraintViolationException && conflicts.dangling)
      throw conflicts.dangling();
    throw error;
  }
}

const NAME_CHARS_MAX = 100;
/** Control characters, and those that turn the direction of text (Unicode TR 36, section 2.4). */
const UNSHOWABLE = /[\p{Cc}\p{Cs}\u200E\u200F\u202A-\u202E\u2066-\u2069]/u;

/** @returns the name, trimmed and in NFC @throws Refusal `display_name_invalid` */
export function readDisplayName(text: string): string {
  const name = text.trim();
  if (name.length > 0 && name.length <= NAME_CHARS_MAX && !UNSHOWABLE.test(name))
    return name.normalize('NFC');
  throw new Refusal('display_name_invalid', {
    detail: `The name has ${name.length} characters${UNSHOWABLE.test(name) ? ', some of which cannot be shown' : ''}.`,
  });
}
