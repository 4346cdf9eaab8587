import { appendAudit, type Transaction } from '../../database/index.ts';
import { refreshListing } from '../catalogue/listing.ts';
import type { Plugin, PluginVersion } from '../entities/index.ts';
import type { Verified } from './verification.ts';

type Known = { readonly plugin: Plugin; readonly version: PluginVersion };

/**
 * A version whose keys were revoked is trusted again when its publisher signs the same statement with keys that
 * count now. Of every other version nothing changes.
 */
export async function renewSignature(tx: Transaction, upload: Verified, known: Known): Promise<Known> {
  const { attestation, at } = upload;
  const { plugin, version } = known;
  const isRenewal =
    version.signature === 'untrusted' &&
    attestation.kind === 'signed' &&
    attestation.statement.statementSha256 === version.statementDigest;
  if (!isRenewal) return known;
  version.signature = 'trusted';
  version.keyIds = [...attestation.statement.signers];
  version.envelope = attestation.envelope;
  version.signedAt = at;
  await tx.em.flush();
  await refreshListing(tx, plugin.id);
  await appendAudit(tx, {
    scope: { kind: 'org', orgId: upload.authority.orgId },
    actor: upload.author.actor,
    action: 'package.signature-renewed',
    subject: `plugin:${plugin.publisher}/${plugin.name}@${version.version}`,
    detail: { keyIds: [...attestation.statement.signers] },
  });
  return known;
}
