import { hash } from 'node:crypto';
import type { Transaction } from '../../database/index.ts';
import { registryTime, TIME_ZERO } from '../keys/registry-time.ts';
import { approveVersion } from './approval.ts';
import { attestUpload } from './attestation.ts';
import { claimVersion } from './claim.ts';
import { resolveVersion } from './dependencies.ts';
import { holdAttestation } from './held-attestation.ts';
import { inspectUpload } from './inspection.ts';
import { lockUpload } from './locking.ts';
import type { PublishingPorts, PublishRequest } from './ports.ts';
import { describePublication, type Publication } from './publication.ts';
import { auditingRefusals } from './refusal-audit.ts';
import { renewSignature } from './renewal.ts';
import { storeBytes, storeVersion } from './storing.ts';
import { acceptUpload } from './upload.ts';
import { type Verified, verifyUpload } from './verification.ts';

/**
 * Takes a package in: Uploaded → Attested → Inspected → Verified → Locked → Claimed → Approved → Resolved → Stored. Each
 * stage is a type that only the stage before it makes.
 *
 * The same bytes again have the same answer, and heal the stored ones where those were damaged; other bytes under a
 * published version are refused. A refusal leaves an audit entry and nothing else.
 * @throws Refusal with the code of the first rule that the package breaks
 */
export async function publishPackage(ports: PublishingPorts, request: PublishRequest): Promise<Publication> {
  const archiveSha256 = hash('sha256', request.archive, 'hex');
  return auditingRefusals(ports, request, archiveSha256, async () => {
    const uploaded = acceptUpload(request, archiveSha256, registryTime(ports.now(), TIME_ZERO));
    const attested = await attestUpload(ports, uploaded);
    const inspected = await inspectUpload(ports, attested);
    const verified = await verifyUpload(ports, inspected);
    const scope = { kind: 'org', orgId: verified.authority.orgId } as const;
    return ports.database.transaction(scope, (tx) => settle(ports, tx, verified));
  });
}

/** What depends on other packages is decided and written in one transaction, under the locks of name and keys. */
async function settle(ports: PublishingPorts, tx: Transaction, verified: Verified): Promise<Publication> {
  const locked = await lockUpload(tx, verified);
  const held = await holdAttestation(tx, locked);
  const claim = await claimVersion(tx, held);
  if (claim.kind === 'taken') {
    await storeBytes(ports.blobs, held);
    return describePublication('already_published', await renewSignature(tx, held, claim));
  }
  const approved = await approveVersion(tx, claim.claimed, ports.settings);
  const resolved = await resolveVersion(ports, tx, approved);
  return describePublication('published', await storeVersion(tx, ports.blobs, resolved));
}
