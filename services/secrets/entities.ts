import { defineEntity, p } from '@mikro-orm/core';
import { InstallationEntity } from '../../registry/installations/entities/index.ts';

/** A master key by its id alone; the key itself is never in the database. The one that is current longest ago is last. */
export const MasterKeyEntity = defineEntity({
  name: 'MasterKey',
  tableName: 'master_key',
  properties: {
    id: p.text().collation('C').primary(),
    currentSince: p.datetime(),
  },
});

/** One secret of one installation, sealed (sealing.ts). */
export const SecretEntity = defineEntity({
  name: 'Secret',
  tableName: 'secret',
  properties: {
    orgId: p.uuid().primary(),
    installation: () => p.manyToOne(InstallationEntity).primary().deleteRule('cascade'),
    name: p.text().collation('C').primary(),
    sealed: p.text().collation('C'),
    /** The master key that it is sealed under. */
    keyId: p.text().collation('C'),
    setAt: p.datetime(),
    setBy: p.text(),
  },
  indexes: [{ name: 'secret_key_index', properties: ['keyId'] }],
});

/** The tables of secrets, for `openDatabase`. */
export const SECRET_ENTITIES = [MasterKeyEntity, SecretEntity];
