import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

/** Limits of an organization that differ from those of the instance; null where one does not. */
export const OrganizationLimitsEntity = defineEntity({
  name: 'OrganizationLimits',
  tableName: 'organization_limits',
  properties: {
    orgId: p.uuid().primary(),
    kvKeysMax: p.integer().nullable(),
    kvBytesMax: p.bigint('number').nullable(),
    runsMax: p.integer().nullable(),
    readsPerMinuteMax: p.integer().nullable(),
    writesPerMinuteMax: p.integer().nullable(),
    setAt: p.datetime(),
    setBy: p.text(),
  },
});

export type OrganizationLimitsRow = InferEntity<typeof OrganizationLimitsEntity>;

/** The table of limits, for `openDatabase`. */
export const LIMIT_ENTITIES = [OrganizationLimitsEntity];
