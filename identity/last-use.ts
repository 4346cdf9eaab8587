import type { Database } from '../database/index.ts';

/** Collects when tokens were used and writes it now and then: a read must not become a write. */
export type LastUse = {
  note(tokenId: string, atMs: number): void;
  /** Writes what was noted. Fails silently: it is a hint for people. */
  flush(): Promise<void>;
  close(): Promise<void>;
};

const FLUSH_MS = 60_000;

export function createLastUse(database: Database): LastUse {
  let noted = new Map<string, number>();
  const flush = async (): Promise<void> => {
    const batch = [...noted];
    noted = new Map();
    if (batch.length > 0) await write(database, batch).catch(() => undefined);
  };
  const timer = setInterval(() => void flush(), FLUSH_MS).unref();
  return {
    note: (tokenId, atMs) => void noted.set(tokenId, atMs),
    flush,
    close: async () => {
      clearInterval(timer);
      await flush();
    },
  };
}

/** In the order of ids, so that two servers that write at once cannot block each other for ever. */
async function write(database: Database, batch: readonly [string, number][]): Promise<void> {
  const rows = batch.map(([tokenId, atMs]) => ({ tokenId, at: new Date(atMs).toISOString() }));
  await database.transaction({ kind: 'instance' }, ({ em }) =>
    em.execute(
      `with used as (
         select token.id, noted.at from token
           join json_to_recordset(?::json) as noted ("tokenId" uuid, at timestamptz) on token.id = noted."tokenId"
          order by token.id for update of token)
       update token set last_used_at = greatest(token.last_used_at, used.at) from used where used.id = token.id`,
      [JSON.stringify(rows)],
    ),
  );
}
