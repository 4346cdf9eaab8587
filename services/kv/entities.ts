import { defineEntity, p } from '@mikro-orm/core';
import { InstallationEntity } from '../../registry/installations/entities/index.ts';

/** One key of one installation. Written by the functions of migration 0004 alone. */
const KvEntryEntity = defineEntity({
  name: 'KvEntry',
  tableName: 'kv_entry',
  properties: {
    orgId: p.uuid().primary(),
    installation: () => p.manyToOne(InstallationEntity).primary().deleteRule('cascade'),
    key: p.text().collation('C').primary(),
    /** JSON text: unlike jsonb it keeps the order of keys, and takes U+0000 (as an escape). */
    value: p.text(),
    version: p.bigint(),
    expiresAt: p.datetime().nullable(),
  },
  indexes: [{ name: 'kv_entry_expiry_index', properties: ['expiresAt'], where: 'expires_at is not null' }],
});

/** How much one installation stores; its row is the lock of its writers. */
const KvUsageEntity = defineEntity({
  name: 'KvUsage',
  tableName: 'kv_usage',
  properties: {
    orgId: p.uuid().primary(),
    installation: () => p.manyToOne(InstallationEntity).primary().deleteRule('cascade'),
    keys: p.integer(),
    bytes: p.bigint(),
  },
});

/** The tables of the key-value store, for `openDatabase`. */
export const KV_ENTITIES = [KvEntryEntity, KvUsageEntity];
