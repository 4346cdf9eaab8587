import { randomUUIDv7 } from 'node:crypto';
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { PlanAnswer, PlanRequest, PlanStep } from '../planning/plan.ts';

/** A plan as it was shown, what it will do, and the fingerprint of what it was computed from. */
export const InstallationPlanEntity = defineEntity({
  name: 'InstallationPlan',
  tableName: 'installation_plan',
  properties: {
    id: p
      .uuid()
      .primary()
      .onCreate(() => randomUUIDv7()),
    orgId: p.uuid(),
    request: p.json<PlanRequest>(),
    answer: p.json<PlanAnswer>(),
    steps: p.json<readonly PlanStep[]>(),
    /** SHA-256 in hexadecimal; see planning/fingerprint.ts. */
    fingerprint: p.text(),
    createdAt: p.datetime(),
    createdBy: p.text(),
    expiresAt: p.datetime(),
    appliedAt: p.datetime().nullable(),
  },
  indexes: [{ name: 'installation_plan_expiry_index', properties: ['expiresAt'] }],
});

export type InstallationPlan = InferEntity<typeof InstallationPlanEntity>;
