import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { PluginId } from '../../../spec/plugin-id.ts';
import type { PlanAnswer, PlanRequest } from '../planning/plan.ts';

/** An upgrade that waits for consent, as it was shown. At most one for each plugin of an organization. */
export const PendingUpgradeEntity = defineEntity({
  name: 'PendingUpgrade',
  tableName: 'pending_upgrade',
  properties: {
    orgId: p.uuid().primary(),
    pluginId: p.text().collation('C').primary().$type<PluginId>(),
    request: p.json<PlanRequest>(),
    answer: p.json<PlanAnswer>(),
    createdAt: p.datetime(),
    createdBy: p.text(),
  },
});

export type PendingUpgrade = InferEntity<typeof PendingUpgradeEntity>;
