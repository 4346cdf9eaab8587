import { defineEntity, p } from '@mikro-orm/core';

/** A challenge that the holder of new keys answers once, to show that the keys are theirs. */
export const KeyChallengeEntity = defineEntity({
  name: 'KeyChallenge',
  tableName: 'publisher_key_challenge',
  properties: {
    nonce: p.text().collation('C').primary(),
    publisher: p.text(),
    createdBy: p.text(),
    expiresAt: p.datetime(),
  },
  indexes: [{ name: 'publisher_key_challenge_expiry_index', properties: ['expiresAt'] }],
});
