import type { Host, Json } from 'souk/sdk';
import { Problem } from './problem.ts';

/** Rows of one kind, each under its id. */
export type Table<Row extends Json> = {
  find(id: string, host: Host): Promise<Row | null>;
  /** @throws Problem `not_found` */
  need(id: string, host: Host): Promise<Row>;
  save(id: string, row: Row, host: Host): Promise<'created' | 'changed'>;
  /** @returns false where there is one with this id */
  add(id: string, row: Row, host: Host): Promise<boolean>;
  /** Changes what is there, once more where somebody else did so at the same time. @throws Problem `not_found` */
  change(id: string, host: Host, change: (row: Row) => Row): Promise<Row>;
  /** @throws Problem `not_found` */
  remove(id: string, host: Host): Promise<void>;
  /** @param beginning of the ids that are meant; all where empty */
  list(host: Host, beginning?: string): Promise<Row[]>;
};

/** Ids of requests are strangers' words: what no key can be, is not there. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._~:*-]{0,199}$/u;

/**
 * @param noun in its singular, which is also where the rows lie
 * @param options.ttlMs a row is gone so long after its last change
 */
export function tableOf<Row extends Json>(noun: string, options: { ttlMs?: number } = {}): Table<Row> {
  const keyOf = (id: string): string => `${noun}/${id}`;
  const absent = (id: string): Problem =>
    new Problem(404, 'not_found', `There is no ${noun} ${JSON.stringify(id.slice(0, 80))}.`);
  const requireId = (id: string): void => {
    if (!ID.test(id))
      throw new Problem(422, 'id_invalid', `${JSON.stringify(id.slice(0, 80))} is no id of a ${noun}.`);
  };
  const table: Table<Row> = {
    find: async (id, host) => (ID.test(id) ? host.kv.get<Row>(keyOf(id)) : null),
    need: async (id, host) => {
      const row = await table.find(id, host);
      if (row === null) throw absent(id);
      return row;
    },
    save: async (id, row, host) => {
      requireId(id);
      const before = await host.kv.getEntry(keyOf(id));
      await host.kv.set(keyOf(id), row, options);
      return before ? 'changed' : 'created';
    },
    add: async (id, row, host) => {
      requireId(id);
      return (await host.kv.compareAndSet(keyOf(id), 0, row, options)).stored;
    },
    change: async (id, host, change) => {
      for (;;) {
        const entry = ID.test(id) ? await host.kv.getEntry<Row>(keyOf(id)) : null;
        if (!entry) throw absent(id);
        const row = change(entry.value);
        if ((await host.kv.compareAndSet(keyOf(id), entry.version, row, options)).stored) return row;
      }
    },
    remove: async (id, host) => {
      if (!ID.test(id) || !(await host.kv.delete(keyOf(id)))) throw absent(id);
    },
    list: (host, beginning = '') => listAll<Row>(keyOf(beginning), host),
  };
  return table;
}

async function listAll<Row extends Json>(prefix: string, host: Host): Promise<Row[]> {
  const rows: Row[] = [];
  for (let after: string | undefined; ;) {
    const { keys, next } = await host.kv.list({ prefix, limit: 100, ...(after ? { after } : {}) });
    rows.push(...(await host.kv.getMany<Row>(keys)).map(([, row]) => row));
    if (next === null) return rows;
    after = next;
  }
}
