/** Recomputes a chain from its first entry and says where it was tampered with. */
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../database.ts';
import type { Scope } from '../transaction.ts';
import { chainOf, entryHash, HASH_BEFORE_FIRST, type SealedContent } from './chain.ts';

/** A place in a chain, to be noted outside the database and given to a later verification. */
export type AuditAnchor = { readonly position: number; readonly hashHex: string };

export type AuditVerdict =
  | {
      readonly kind: 'intact';
      readonly length: number;
      readonly headHashHex: string;
      /** Entries that the sealer has not reached yet, about which nothing can be said. */
      readonly unsealed: number;
    }
  | {
      readonly kind: 'broken';
      readonly finding: AuditFinding;
      readonly position: number;
      /** The entry at that position, where there is one. */
      readonly entryId: string | undefined;
      readonly explanation: string;
    };

/**
 * - `changed`: an entry no longer has the hash that was sealed, in its content or its seal.
 * - `removed`: a position is missing, in the middle or at the end.
 * - `inserted`: there is an entry that no seal accounts for.
 * - `rewritten`: everything agrees with itself, but not with the head or the noted hash.
 */
export type AuditFinding = 'changed' | 'removed' | 'inserted' | 'rewritten';

type Row = Omit<SealedContent, 'occurredAt'> & {
  readonly occurredAt: Date | string;
  readonly position: string | number;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
};
type Head = { readonly length: number; readonly hash: Buffer };
type Broken = AuditVerdict & { kind: 'broken' };

/** The chain up to here: every position until `length` was there and `hash` follows from all of them. */
type Progress = { length: number; hash: Buffer };

const PAGE_ENTRIES = 1_000;
/** The least bigint: a position that tampering made negative is read too. */
const POSITION_BEFORE_ALL = '-9223372036854775808';

/**
 * Verifies the chain of a scope, in one snapshot.
 *
 * @param anchor a place that was noted earlier; the chain must still pass through it
 */
export async function verifyAudit(
  database: Database,
  scope: Scope,
  anchor?: AuditAnchor,
): Promise<AuditVerdict> {
  const snapshot = { isolation: 'repeatable read', access: 'read only' } as const;
  return database.transaction(
    scope,
    async ({ em }) => {
      const chain = chainOf(scope);
      const head = await readHead(em, chain);
      const walked = await walk(em, chain, head, anchor);
      if ('kind' in walked) return walked;
      return judgeEnd(walked, head, anchor) ?? intact(em, chain, walked);
    },
    snapshot,
  );
}

async function walk(
  em: EntityManager,
  chain: string,
  head: Head,
  anchor: AuditAnchor | undefined,
): Promise<Progress | Broken> {
  const progress: Progress = { length: 0, hash: HASH_BEFORE_FIRST };
  let last: Row | undefined;
  for (let page = await readPage(em, chain, last); page.length > 0; page = await readPage(em, chain, last)) {
    for (const row of page) {
      const found = judgeEntry(row, progress, head) ?? judgeAnchor(row, anchor);
      if (found) return found;
      progress.length = Number(row.position);
      progress.hash = row.hash;
    }
    last = page.at(-1);
  }
  return progress;
}

/** By position and id: two entries at one position are possible for who can drop an index. */
async function readPage(em: EntityManager, chain: string, after: Row | undefined): Promise<Row[]> {
  return em.execute<Row[]>(
    `select id, chain, occurred_at as "occurredAt", actor, action, subject, detail, position,
            previous_hash as "previousHash", hash
       from audit_entry
      where chain = ? and position is not null and (position, id) > (?::bigint, ?::uuid)
      order by position, id limit ${PAGE_ENTRIES}`,
    [
      chain,
      String(after?.position ?? POSITION_BEFORE_ALL),
      after?.id ?? '00000000-0000-0000-0000-000000000000',
    ],
  );
}

async function readHead(em: EntityManager, chain: string): Promise<Head> {
  const [row] = await em.execute<{ length: string | number; hash: Buffer }[]>(
    'select length, hash from audit_head where chain = ?',
    [chain],
  );
  return row ? { length: Number(row.length), hash: row.hash } : { length: 0, hash: HASH_BEFORE_FIRST };
}

function judgeEntry(row: Row, before: Progress, head: Head): Broken | undefined {
  const position = Number(row.position);
  const expected = before.length + 1;
  if (position < expected || position > head.length) {
    return broken('inserted', position, row, 'No seal accounts for this entry.');
  }
  if (position > expected) {
    return broken('removed', expected, undefined, 'The chain has no entry at this position.');
  }
  const content: SealedContent = { ...row, occurredAt: new Date(row.occurredAt) };
  const own = entryHash(content, position, row.previousHash);
  if (!own.equals(row.hash))
    return broken('changed', position, row, 'The entry does not have the hash of its seal.');
  if (!before.hash.equals(row.previousHash)) {
    return broken('changed', position, row, 'The entry does not follow from the one before it.');
  }
  return undefined;
}

function judgeAnchor(row: Row, anchor: AuditAnchor | undefined): Broken | undefined {
  if (!anchor || Number(row.position) !== anchor.position) return undefined;
  if (row.hash.toString('hex') === anchor.hashHex.toLowerCase()) return undefined;
  return broken(
    'rewritten',
    anchor.position,
    row,
    'The hash at this position is not the one that was noted.',
  );
}

function judgeEnd(walked: Progress, head: Head, anchor: AuditAnchor | undefined): Broken | undefined {
  const lengthMin = Math.max(head.length, anchor?.position ?? 0);
  if (walked.length < lengthMin) {
    return broken('removed', walked.length + 1, undefined, `The chain ends before position ${lengthMin}.`);
  }
  if (walked.hash.equals(head.hash)) return undefined;
  return broken('rewritten', walked.length, undefined, 'The last entry does not have the hash of the head.');
}

function broken(finding: AuditFinding, position: number, row: Row | undefined, explanation: string): Broken {
  return { kind: 'broken', finding, position, entryId: row?.id, explanation };
}

async function intact(em: EntityManager, chain: string, walked: Progress): Promise<AuditVerdict> {
  const [row] = await em.execute<{ unsealed: number }[]>(
    'select count(*)::int as unsealed from audit_entry where chain = ? and position is null',
    [chain],
  );
  return {
    kind: 'intact',
    length: walked.length,
    headHashHex: walked.hash.toString('hex'),
    unsealed: row?.unsealed ?? 0,
  };
}
