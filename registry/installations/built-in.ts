/** Built-in plugins belong to every organization: one may deactivate them, and not remove them. */
import type { Transaction } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { PlanStep } from './planning/plan.ts';

/** @throws Refusal `built_in_not_removable` */
export async function requireRemovable(tx: Transaction, steps: readonly PlanStep[]): Promise<void> {
  const removed = steps.filter(({ kind }) => kind === 'remove').map(({ plugin }) => plugin);
  if (removed.length === 0) return;
  const rows = await tx.em.execute<{ plugin: PluginId }[]>(
    `select publisher || '/' || name as plugin from plugin where is_built_in
        and publisher || '/' || name in (select jsonb_array_elements_text(?::jsonb)) order by 1`,
    [JSON.stringify(removed)],
  );
  if (rows.length === 0) return;
  const plugins = rows.map(({ plugin }) => plugin);
  throw new Refusal('built_in_not_removable', {
    detail: `${plugins.join(', ')} would be removed.`,
    extensions: { plugins },
  });
}
