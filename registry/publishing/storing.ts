import type { RequiredEntityData } from '@mikro-orm/core';
import { appendAudit, type Transaction } from '../../database/index.ts';
import type { BlobStore } from '../blobs/index.ts';
import { refreshListing } from '../catalogue/listing.ts';
import {
  type Plugin,
  PluginEntity,
  type PluginVersion,
  PluginVersionEntity,
  versionOrder,
} from '../entities/index.ts';
import type { Approved, Verdict } from './approval.ts';
import type { Resolved } from './dependencies.ts';
import type { Locked } from './locking.ts';

export type Stored = { readonly plugin: Plugin; readonly version: PluginVersion };

/**
 * The bytes first, safely on disk under their digest; then, in the caller's transaction, the row that names them, the
 * entry in the search and in the audit log. A crash in between leaves a blob that nobody names, for the sweep.
 * @throws Refusal `storage_full` or `storage_unavailable`
 */
export async function storeVersion(tx: Transaction, blobs: BlobStore, upload: Resolved): Promise<Stored> {
  await storeBytes(blobs, upload);
  const plugin = upload.plugin ?? (await createPlugin(tx, upload));
  const version = tx.em.create(PluginVersionEntity, describeVersion(upload, plugin));
  await tx.em.flush();
  await refreshListing(tx, plugin.id);
  await auditPublication(tx, upload);
  return { plugin, version };
}

/**
 * Of bytes that are stored already this heals what the disk has lost or changed.
 * @throws Refusal `storage_full` or `storage_unavailable`
 */
export async function storeBytes(blobs: BlobStore, upload: Locked): Promise<void> {
  await blobs.put(upload.archive);
}

async function createPlugin(tx: Transaction, upload: Approved): Promise<Plugin> {
  const plugin = tx.em.create(PluginEntity, {
    publisher: upload.identity.publisher,
    name: upload.identity.plugin,
    ownerOrgId: upload.authority.orgId,
    visibility: upload.destination.kind,
    createdAt: upload.at,
  });
  await tx.em.flush();
  return plugin;
}

function describeVersion(upload: Approved, plugin: Plugin): RequiredEntityData<PluginVersion> {
  const { read, inspection, verdict } = upload;
  return {
    plugin: plugin.id,
    version: upload.identity.version,
    versionOrder: versionOrder(upload.identity.version),
    archiveDigest: upload.archiveSha256,
    archiveBytes: read.size,
    manifest: inspection.manifest,
    manifestDigest: upload.manifestSha256,
    contents: upload.contents,
    files: read.entries.map(({ path, size, sha256 }) => ({ path, size, sha256 })),
    findings: inspection.findings.map((finding) => ({ ...finding })),
    ...describeSignature(upload),
    acceptedAt: upload.at,
    acceptedBy: JSON.stringify(upload.author.actor),
    ...describeVerdict(verdict),
  };
}

function describeSignature({
  attestation,
  at,
}: Approved): Pick<
  RequiredEntityData<PluginVersion>,
  'signature' | 'keyIds' | 'statementDigest' | 'envelope' | 'signedAt'
> {
  switch (attestation.kind) {
    case 'unsigned':
      return { signature: 'unsigned', keyIds: [] };
    case 'signed':
      return {
        signature: 'trusted',
        keyIds: [...attestation.statement.signers],
        statementDigest: attestation.statement.statementSha256,
        envelope: attestation.envelope,
        signedAt: at,
      };
  }
}

function describeVerdict(verdict: Verdict): { state: 'approved' | 'held'; stateReason?: string } {
  switch (verdict.state) {
    case 'approved':
      return { state: 'approved' };
    case 'held':
      return { state: 'held', stateReason: verdict.reason };
  }
}

async function auditPublication(tx: Transaction, upload: Approved): Promise<void> {
  const { publisher, plugin, version } = upload.identity;
  await appendAudit(tx, {
    scope: { kind: 'org', orgId: upload.authority.orgId },
    actor: upload.author.actor,
    action: 'package.published',
    subject: `plugin:${publisher}/${plugin}@${version}`,
    detail: {
      archiveSha256: upload.archiveSha256,
      visibility: upload.destination.kind,
      state: upload.verdict.state,
      keyIds: upload.attestation.kind === 'signed' ? [...upload.attestation.statement.signers] : [],
    },
  });
}
