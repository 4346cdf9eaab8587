import { defineEntity, p } from '@mikro-orm/core';

/**
 * - `warn`: it is shown with the installation.
 * - `block`: what runs goes on, and is not started again.
 * - `deactivate`: it is taken down, those that need it first.
 * None of them is offered any more, so that nobody installs it anew.
 */
export type RevocationReaction = 'warn' | 'block' | 'deactivate';

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
