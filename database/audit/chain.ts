/**
 * The audit chain, version 1.
 *
 * Each organization has a chain, and the instance has one (named `instance`). An entry that is sealed has a
 * position, counted from 1 in its chain, and a hash:
 *
 *     hash = SHA-256(UTF-8(JSON.stringify([
 *       "souk-audit-v1", chain, String(position), hex(previousHash), id, occurredAt, actor, action, subject, detail ])))
 *
 * All ten are strings; JSON.stringify of an array of strings has one form only (ECMA-262, section 25.5.2: no white
 * space, lone surrogates escaped). `chain` is the organization's UUID or `instance`; `previousHash` is the hash at
 * position - 1, or 32 zero bytes at position 1; `occurredAt` is UTC as YYYY-MM-DDTHH:mm:ss.sssZ; `actor` and `detail`
 * are JSON texts, hashed as they are stored.
 *
 * Worked example: the first entry of the instance,
 *
 *     ["souk-audit-v1","instance","1","0000000000000000000000000000000000000000000000000000000000000000",
 *     "01990000-0000-7000-8000-000000000001","2026-11-21T00:00:00.000Z","{\"kind\":\"system\",\"name\":\"souk\"}",
 *     "instance.created","instance","{}"]
 *
 * without the line breaks, has the hash
 * 903f8c8f9083e368d7587e2acdd5dce9acb1a8b30089686b1776f99ec07fbfcb.
 *
 * What the chain proves: no sealed entry was changed, removed or put in between, as long as the last hash is what
 * the chain's head, or a hash that was noted elsewhere, says. Who can rewrite a whole chain with its head is found
 * out only by a noted hash.
 */
import { createHash } from 'node:crypto';
import type { Scope } from '../transaction.ts';

/** What the hash covers, besides position and predecessor. */
export type SealedContent = {
  readonly id: string;
  readonly chain: string;
  readonly occurredAt: Date;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: string;
};

export const HASH_BEFORE_FIRST: Buffer = Buffer.alloc(32);

/** The name of a scope's chain. */
export function chainOf(scope: Scope): string {
  switch (scope.kind) {
    case 'org':
      return scope.orgId;
    case 'instance':
      return 'instance';
  }
}

/** The hash of an entry at a position after a hash. */
export function entryHash(entry: SealedContent, position: number, previousHash: Uint8Array): Buffer {
  const fields: string[] = [
    'souk-audit-v1',
    entry.chain,
    String(position),
    Buffer.from(previousHash).toString('hex'),
    entry.id,
    entry.occurredAt.toISOString(),
    entry.actor,
    entry.action,
    entry.subject,
    entry.detail,
  ];
  return createHash('sha256').update(JSON.stringify(fields), 'utf8').digest();
}
