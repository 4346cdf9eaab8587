import { defineEntity, p } from '@mikro-orm/core';
import type { RevocationReaction } from '../revocations.ts';

/** What an organization does about unsafe versions that it has installed. */
export const RevocationPolicyEntity = defineEntity({
  name: 'RevocationPolicy',
  tableName: 'revocation_policy',
  properties: {
    orgId: p.uuid().primary(),
    reaction: p.text().$type<RevocationReaction>(),
  },
  checks: [
    { name: 'revocation_policy_reaction_check', expression: `reaction in ('warn', 'block', 'deactivate')` },
  ],
});
