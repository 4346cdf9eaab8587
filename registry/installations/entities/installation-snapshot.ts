import { randomUUIDv7 } from 'node:crypto';
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { JsonObject } from '../../../spec/json.ts';
import type { Manifest } from '../../../spec/manifest.ts';
import type { Permission } from '../../../spec/permission.ts';
import type { SignatureState } from '../../entities/index.ts';
import { InstallationEntity } from './installation.ts';

/** What an installation was before another version took its place: what a rollback goes back to. */
export const InstallationSnapshotEntity = defineEntity({
  name: 'InstallationSnapshot',
  tableName: 'installation_snapshot',
  properties: {
    id: p
      .uuid()
      .primary()
      .onCreate(() => randomUUIDv7()),
    installation: () => p.manyToOne(InstallationEntity).deleteRule('cascade'),
    orgId: p.uuid(),
    version: p.text().collation('C'),
    digest: p.text().collation('C'),
    manifest: p.json<Manifest>(),
    signature: p.text().$type<SignatureState>(),
    keyIds: p.array().columnType('text[]'),
    ownerOrgId: p.uuid(),
    range: p.text().nullable(),
    isPinned: p.boolean(),
    grants: p.json<readonly Permission[]>(),
    config: p.json<JsonObject>(),
    takenAt: p.datetime(),
    takenBy: p.text(),
  },
  indexes: [{ name: 'installation_snapshot_taken_index', properties: ['installation', 'takenAt'] }],
});

export type InstallationSnapshot = InferEntity<typeof InstallationSnapshotEntity>;
