/** A handler that runs until the test lets it go: nothing depends on how fast the machine is. */
import type { TestDatabase } from './database.ts';

/** What the package of such a handler asks for. */
export const HELD_PERMISSIONS = [{ name: 'kv', reason: 'Hears when it may end.' }] as const;

/** Statements of a handler with `host`: they end once `letGo` has been called. */
export const HOLD = `while (!(await host.kv.get('go'))) await new Promise((resolve) => setTimeout(resolve, 100));`;

/** Lets the runs of a plugin end, behind the server's back: it may be on its way out, or busy with just this run. */
export async function letGo(database: TestDatabase['superuser'], plugin: string): Promise<void> {
  const { rowCount } = await database.query(
    `insert into kv_entry (org_id, installation_id, key, value, version)
       select org_id, id, 'go', 'true', 1 from installation where plugin_id = $1`,
    [plugin],
  );
  if (rowCount === 0) throw new Error(`${plugin} is not installed`);
}
