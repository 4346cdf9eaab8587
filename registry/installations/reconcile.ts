/** Takes up steps that their server did not finish. */
import type { AuditActor } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { underOrgLock, type InstallationsContext } from './context.ts';
import { graphOf, inActivationOrder } from './dependency-graph.ts';
import { InstallationEntity } from './entities/index.ts';
import { runActivation } from './activation.ts';
import { leave } from './lifecycle-step.ts';
import { stepDeadline } from './step-deadline.ts';

type Abandoned = { readonly orgId: string; readonly plugin: PluginId };

const ACTOR: AuditActor = { kind: 'system', name: 'reconcile' };
const INTERRUPTED = 'Its server stopped during the step before.';

/**
 * Ends every step whose deadline has passed: an activation is tried once more, a deactivation counts as done. Of
 * several servers one takes each. To be called at start and every few seconds.
 * @returns how many steps were taken up
 */
export async function reconcile(context: InstallationsContext): Promise<number> {
  const abandoned = await findAbandoned(context);
  let taken = 0;
  for (const step of abandoned) taken += await takeUp(context, step);
  return taken;
}

/** By organization, what is needed before what needs it. */
async function findAbandoned({ database, now }: InstallationsContext): Promise<Abandoned[]> {
  const rows = await database.transaction({ kind: 'instance' }, (tx) =>
    tx.em.find(InstallationEntity, { stepDeadlineAt: { $lt: now() } }),
  );
  return [...Map.groupBy(rows, ({ orgId }) => orgId)].flatMap(([orgId, ofOrg]) =>
    inActivationOrder(graphOf(ofOrg.map(({ pluginId, manifest }) => ({ plugin: pluginId, manifest })))).map(
      (plugin) => ({ orgId, plugin }),
    ),
  );
}

async function takeUp(context: InstallationsContext, { orgId, plugin }: Abandoned): Promise<0 | 1> {
  const acting = { orgId, actor: ACTOR };
  const state = await claim(context, orgId, plugin);
  switch (state) {
    case 'activating': {
      const verdict = await runActivation(context, acting, plugin);
      if (verdict.kind === 'failed') await leave(context, acting, plugin, 'activationFailed', verdict.reason);
      return 1;
    }
    case 'deactivating':
      await leave(context, acting, plugin, 'deactivated', INTERRUPTED);
      return 1;
    default:
      return 0;
  }
}

/** @returns the state of the step that is ours now, or undefined where another server was faster */
async function claim(
  context: InstallationsContext,
  orgId: string,
  plugin: PluginId,
): Promise<string | undefined> {
  return underOrgLock(context, orgId, async (tx) => {
    const row = await tx.em.findOne(InstallationEntity, { orgId, pluginId: plugin });
    const now = context.now();
    if (!row?.stepDeadlineAt || row.stepDeadlineAt >= now) return undefined;
    row.stepDeadlineAt = stepDeadline(now);
    return row.state;
  });
}
