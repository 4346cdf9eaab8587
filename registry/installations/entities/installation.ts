import { randomUUIDv7 } from 'node:crypto';
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { JsonObject } from '../../../spec/json.ts';
import type { Manifest } from '../../../spec/manifest.ts';
import type { Permission } from '../../../spec/permission.ts';
import type { PluginId } from '../../../spec/plugin-id.ts';
import type { SignatureState } from '../../entities/index.ts';
import type { Seat } from '../seat.ts';
import type { InstallationState } from '../state.ts';

/**
 * One plugin in one organization. It holds all that running it needs, so that what happens to the catalogue later
 * (a yank, a withdrawn grant) is a decision about it and never an accident.
 */
export const InstallationEntity = defineEntity({
  name: 'Installation',
  tableName: 'installation',
  properties: {
    id: p
      .uuid()
      .primary()
      .onCreate(() => randomUUIDv7()),
    orgId: p.uuid(),
    pluginId: p.text().collation('C').$type<PluginId>(),
    version: p.text().collation('C'),
    /** SHA-256 of the package in hexadecimal. */
    digest: p.text().collation('C'),
    manifest: p.json<Manifest>(),
    signature: p.text().$type<SignatureState>(),
    keyIds: p.array().columnType('text[]'),
    /** Who owned the plugin's name when it was installed. */
    ownerOrgId: p.uuid(),
    state: p.text().$type<InstallationState>(),
    /** Why the last activation failed; null after one that did not. */
    reason: p.text().nullable(),
    /** By when the step under way is done, or counts as abandoned by its server. Null between steps. */
    stepDeadlineAt: p.datetime().nullable(),
    /** The range somebody asked for; null for what came along as a dependency. */
    range: p.text().nullable(),
    isPinned: p.boolean(),
    grants: p.json<readonly Permission[]>(),
    /** The organization's layer of the configuration. */
    config: p.json<JsonObject>(),
    /** Grows with every change of version, grants, configuration or pin. */
    revision: p.integer(),
    /** While a new version is being activated: the snapshot of the one that still serves. */
    servingSnapshotId: p.uuid().nullable(),
    /** Of a global plugin: what it follows. Null for what the organization installed itself. */
    seat: p.json<Seat>().nullable(),
    installedAt: p.datetime(),
    installedBy: p.text(),
    updatedAt: p.datetime(),
  },
  uniques: [{ name: 'installation_plugin_unique', properties: ['orgId', 'pluginId'] }],
  indexes: [
    { name: 'installation_step_index', properties: ['stepDeadlineAt'] },
    { name: 'installation_plugin_index', properties: ['pluginId'] },
  ],
  checks: [
    {
      name: 'installation_state_check',
      expression: `state in ('installed', 'activating', 'active', 'deactivating', 'inactive', 'failed')`,
    },
  ],
});

export type Installation = InferEntity<typeof InstallationEntity>;
