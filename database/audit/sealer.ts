/** Seals entries into their chains, in order, by one server at a time. */
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../database.ts';
import { entryHash, HASH_BEFORE_FIRST, type SealedContent } from './chain.ts';

export type Sealer = {
  /** Seals everything committed so far. @returns how many entries it sealed itself */
  seal(): Promise<number>;
  /** Seals once more and stops. */
  close(): Promise<void>;
};

/** Two servers that seal at once would give out one position twice. */
const SEAL_LOCK = 7_605_020;
const BATCH_ENTRIES_MAX = 500;
/** The question costs an empty index while nothing is to be done. */
const INTERVAL_MS_DEFAULT = 250;

/** Starts sealing, beginning with what an earlier server left unsealed. */
export function startSealer(database: Database, intervalMs: number = INTERVAL_MS_DEFAULT): Sealer {
  const seal = async (): Promise<number> => {
    let sealed = 0;
    let batch: number;
    // A batch that is not full has left nothing behind.
    do sealed += batch = await sealBatch(database);
    while (batch === BATCH_ENTRIES_MAX);
    return sealed;
  };
  let round: Promise<unknown> = Promise.resolve();
  // A database that is away leaves entries unsealed; the next round finds them.
  const next = (): void => void (round = round.then(seal).catch(() => 0));
  next();
  const timer = setInterval(next, intervalMs).unref();
  return {
    seal,
    close: async () => {
      clearInterval(timer);
      await round;
      await seal().catch(() => 0);
    },
  };
}

type UnsealedRow = Omit<SealedContent, 'occurredAt'> & { orgId: string | null; occurredAt: Date | string };
type Head = { chain: string; orgId: string | null; length: number; hash: Buffer };
type Seal = { id: string; position: number; previousHash: Buffer; hash: Buffer };

async function sealBatch(database: Database): Promise<number> {
  return database.transaction({ kind: 'instance' }, async ({ em }) => {
    await em.execute('select pg_advisory_xact_lock(?)', [SEAL_LOCK]);
    const rows = await em.execute<UnsealedRow[]>(
      `select id, chain, org_id as "orgId", occurred_at as "occurredAt", actor, action, subject, detail
         from audit_entry where position is null order by id limit ${BATCH_ENTRIES_MAX}`,
    );
    if (rows.length === 0) return 0;
    const heads = await loadHeads(em, rows);
    const seals = rows.map((row) => sealOne(row, heads));
    await storeSeals(em, seals);
    for (const head of heads.values()) await storeHead(em, head);
    return seals.length;
  });
}

async function loadHeads(em: EntityManager, rows: readonly UnsealedRow[]): Promise<Map<string, Head>> {
  const heads = new Map<string, Head>();
  for (const { chain, orgId } of rows) {
    heads.set(chain, { chain, orgId, length: 0, hash: HASH_BEFORE_FIRST });
  }
  const stored = await em.execute<(Omit<Head, 'length'> & { length: string | number })[]>(
    `select chain, org_id as "orgId", length, hash from audit_head
      where chain in (${[...heads.keys()].map(() => '?').join(', ')})`,
    [...heads.keys()],
  );
  for (const head of stored) heads.set(head.chain, { ...head, length: Number(head.length) });
  return heads;
}

/** Moves the head of the entry's chain by one. */
function sealOne(row: UnsealedRow, heads: Map<string, Head>): Seal {
  const head = heads.get(row.chain) ?? {
    chain: row.chain,
    orgId: row.orgId,
    length: 0,
    hash: HASH_BEFORE_FIRST,
  };
  const position = head.length + 1;
  const hash = entryHash({ ...row, occurredAt: new Date(row.occurredAt) }, position, head.hash);
  heads.set(row.chain, { ...head, length: position, hash });
  return { id: row.id, position, previousHash: head.hash, hash };
}

async function storeSeals(em: EntityManager, seals: readonly Seal[]): Promise<void> {
  const values = seals.map(() => '(?::uuid, ?::bigint, ?::bytea, ?::bytea)').join(', ');
  await em.execute(
    `update audit_entry set position = seal.position, previous_hash = seal.previous_hash, hash = seal.hash
       from (values ${values}) as seal (id, position, previous_hash, hash) where audit_entry.id = seal.id`,
    seals.flatMap(({ id, position, previousHash, hash }) => [id, position, previousHash, hash]),
  );
}

async function storeHead(em: EntityManager, head: Head): Promise<void> {
  await em.execute(
    `insert into audit_head (chain, org_id, length, hash) values (?, ?, ?, ?)
       on conflict (chain) do update set length = excluded.length, hash = excluded.hash`,
    [head.chain, head.orgId, head.length, head.hash],
  );
}
