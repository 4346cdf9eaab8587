import { randomUUIDv7 } from 'node:crypto';
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { Manifest } from '../../spec/manifest.ts';
import { PluginEntity } from './plugin.ts';

/** `held` waits for review; only `approved` is ever offered; `revoked` was, and is unsafe. */
export type VersionState = 'held' | 'approved' | 'rejected' | 'revoked';

/** What the publisher's keys are worth today; `untrusted` fell below the threshold by a revocation. */
export type SignatureState = 'unsigned' | 'trusted' | 'untrusted';

export type StoredFile = { readonly path: string; readonly size: number; readonly sha256: string };
export type StoredFinding = {
  readonly rule: string;
  readonly message: string;
  readonly pointer?: string;
  readonly hint?: string;
};

/** Compared column by column, as the migration wrote it; whatever changes what was published is refused. */
const VERSION_IS_IMMUTABLE = `if (new.plugin_id, new.version, new.archive_digest, new.archive_bytes, new.manifest, new.contents, new.files,
    new.statement_digest, new.accepted_at)
  is distinct from (old.plugin_id, old.version, old.archive_digest, old.archive_bytes, old.manifest, old.contents,
    old.files, old.statement_digest, old.accepted_at)
then raise exception 'what a version says of its bytes never changes';
end if;
return new;`;

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
    /** The keys that counted when the envelope was judged last. */
    keyIds: p.array().columnType('text[]'),
    statementDigest: p.text().nullable(),
    envelope: p.uint8array().columnType('bytea').nullable().lazy().hidden(),
    /** When the registry accepted the envelope: the time at which its keys are judged. */
    signedAt: p.datetime().nullable(),
    acceptedAt: p.datetime(),
    acceptedBy: p.text(),
    state: p.text().$type<VersionState>(),
    /** Why it was held, rejected or revoked. */
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
  triggers: [
    {
      name: 'immutable',
      timing: 'before',
      events: ['update'],
      forEach: 'row',
      body: VERSION_IS_IMMUTABLE,
    },
  ],
  checks: [
    {
      name: 'plugin_version_state_check',
      expression: `state in ('held', 'approved', 'rejected', 'revoked')`,
    },
    {
      name: 'plugin_version_signature_check',
      expression: `signature in ('unsigned', 'trusted', 'untrusted')`,
    },
  ],
});

export type PluginVersion = InferEntity<typeof PluginVersionEntity>;
