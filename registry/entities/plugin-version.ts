import { randomUUIDv7 } from 'node:crypto';
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { Manifest } from '../../spec/manifest.ts';
import { PluginEntity } from './plugin.ts';
import { VERSION_IS_OWNED, VERSION_IS_VISIBLE } from './visibility.ts';

/** `held` waits for review; only `approved` is ever offered. */
export type VersionState = 'held' | 'approved' | 'rejected';

/** What the publisher's keys are worth today; `untrusted` fell below the threshold by a revocation. */
export type SignatureState = 'unsigned' | 'trusted' | 'untrusted';

export type StoredFile = { readonly path: string; readonly size: number; readonly sha256: string };
export type StoredFinding = {
  readonly rule: string;
  readonly message: string;
  readonly pointer?: string;
  readonly hint?: string;
};

/** One immutable release. What it says of the bytes never changes; state, signature, yank and deprecation may. */
export const PluginVersionEntity = defineEntity({
  name: 'PluginVersion',
  tableName: 'plugin_version',
  properties: {
    id: p
      .uuid()
      .primary()
      .onCreate(() => randomUUIDv7()),
    plugin: () => p.manyToOne(PluginEntity),
    version: p.text().collation('C'),
    /** `version` in a form whose order as bytes is the order of semantic versions; see version-order.ts. */
    versionOrder: p.text().collation('C'),
    /** SHA-256 of the archive, hexadecimal: the name of its blob. */
    archiveDigest: p.text().collation('C'),
    archiveBytes: p.integer(),
    manifest: p.json<Manifest>(),
    manifestDigest: p.text(),
    /** Go's `h1:` digest over the files. */
    contents: p.text(),
    files: p.json<readonly StoredFile[]>().lazy(),
    findings: p.json<readonly StoredFinding[]>(),
    signature: p.text().$type<SignatureState>(),
    /** The keys that signed and were valid at `acceptedAt`. */
    keyIds: p.array().columnType('text[]'),
    statementDigest: p.text().nullable(),
    envelope: p.uint8array().columnType('bytea').nullable().lazy().hidden(),
    acceptedAt: p.datetime(),
    acceptedBy: p.text(),
    state: p.text().$type<VersionState>(),
    /** Why it was held or rejected. */
    stateReason: p.text().nullable(),
    reviewedAt: p.datetime().nullable(),
    reviewedBy: p.text().nullable(),
    yankedAt: p.datetime().nullable(),
    yankReason: p.text().nullable(),
    deprecatedAt: p.datetime().nullable(),
    deprecationReason: p.text().nullable(),
    /** Id of the plugin to use instead. */
    replacement: p.text().nullable(),
  },
  uniques: [{ name: 'plugin_version_identity_unique', properties: ['plugin', 'version'] }],
  indexes: [
    { name: 'plugin_version_order_index', properties: ['plugin', 'versionOrder'] },
    { name: 'plugin_version_archive_index', properties: ['archiveDigest'] },
    { name: 'plugin_version_state_index', properties: ['state', 'acceptedAt'] },
  ],
  checks: [
    { name: 'plugin_version_state_check', expression: `state in ('held', 'approved', 'rejected')` },
    {
      name: 'plugin_version_signature_check',
      expression: `signature in ('unsigned', 'trusted', 'untrusted')`,
    },
  ],
  rowLevelSecurity: 'force',
  policies: [
    { name: 'plugin_version_read', command: 'select', using: VERSION_IS_VISIBLE },
    { name: 'plugin_version_insert', command: 'insert', check: VERSION_IS_OWNED },
    {
      name: 'plugin_version_update',
      command: 'update',
      using: VERSION_IS_OWNED,
      check: VERSION_IS_OWNED,
    },
  ],
});

export type PluginVersion = InferEntity<typeof PluginVersionEntity>;
