import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { OrganizationEntity } from './organization.ts';
import { UserEntity } from './user.ts';

/** A token as it is stored: of the secret there is only the SHA-256. */
export const TokenEntity = defineEntity({
  name: 'Token',
  tableName: 'token',
  properties: {
    id: p.uuid().primary(),
    userId: () =>
      p.manyToOne(UserEntity).mapToPk().fieldName('user_id').deleteRule('cascade').index('token_user_index'),
    /** Null: it acts wherever its user may. */
    orgId: () =>
      p
        .manyToOne(OrganizationEntity)
        .mapToPk()
        .fieldName('org_id')
        .nullable()
        .deleteRule('cascade')
        .index('token_org_index'),
    name: p.text(),
    hash: p.blob().lazy().hidden(),
    scopes: p.array().columnType('text[]'),
    createdAt: p.datetime(3),
    /** Null for the first token of the instance only. */
    expiresAt: p.datetime(3).nullable(),
    revokedAt: p.datetime(3).nullable(),
    /** To the minute. */
    lastUsedAt: p.datetime(3).nullable(),
  },
  uniques: [{ name: 'token_hash_unique', properties: ['hash'] }],
});

export type Token = InferEntity<typeof TokenEntity>;
