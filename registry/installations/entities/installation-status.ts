import { defineEntity, p } from '@mikro-orm/core';
import { InstallationEntity } from './installation.ts';

/** Since when an installation is in its state; a trigger of migration 0035 writes it. */
export const InstallationStatusEntity = defineEntity({
  name: 'InstallationStatus',
  tableName: 'installation_status',
  properties: {
    orgId: p.uuid(),
    installation: () => p.oneToOne(InstallationEntity).primary().deleteRule('cascade'),
    since: p.datetime(),
    /** How the last test since then went; null where there was none. */
    health: p.text().$type<'done' | 'failed'>().nullable(),
    healthReason: p.text().nullable(),
    testedAt: p.datetime().nullable(),
  },
  indexes: [{ name: 'installation_status_org_index', properties: ['orgId'] }],
  checks: [{ name: 'installation_status_health_check', expression: `health in ('done', 'failed')` }],
});
