import type { Transaction } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { Destination } from './ports.ts';

/**
 * The public plugins, of other publishers, of which a new public name could be a look-alike. A name that exists is not
 * new, and in its own private registry an org names things as it likes. Private names are never compared: a finding
 * would tell them.
 */
export async function namesToCompare(
  { em }: Transaction,
  destination: Destination,
  { publisher, plugin }: { readonly publisher: string; readonly plugin: string },
): Promise<readonly PluginId[]> {
  if (destination.kind === 'private') return [];
  const rows = await em.execute<{ id: PluginId }[]>(
    `select publisher || '/' || name as id from plugin where visibility = 'public' and publisher <> ?
       and not exists (select 1 from plugin where publisher = ? and name = ?)`,
    [publisher, publisher, plugin],
  );
  return rows.map(({ id }) => id);
}
