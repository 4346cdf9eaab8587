import type { Transaction } from '../../database/index.ts';
import {
  type PackageIdentity,
  parseEnvelope,
  readUnverifiedStatement,
  sha256Hex,
  STATEMENT_PAYLOAD_TYPE,
  type VerifiedStatement,
  verifyPackageEnvelope,
} from '../../signing/index.ts';
import { Refusal } from '../../spec/refusal.ts';
import { holdKeys, loadKeyHistory, newestKeyVersion } from '../keys/key-store.ts';
import type { PublishingPorts } from './ports.ts';
import { type PublisherAuthority, requirePublisher } from './publisher.ts';
import type { Uploaded } from './upload.ts';

declare const attested: unique symbol;

/** What stands behind the bytes: the keys of their publisher, or, in a private registry that allows it, nobody. */
export type Attestation =
  | {
      readonly kind: 'signed';
      readonly envelope: Uint8Array;
      readonly statement: VerifiedStatement;
      /** SHA-256 of the signed payload, hexadecimal; the same for every envelope around it. */
      readonly statementSha256: string;
      readonly authority: PublisherAuthority;
      /** Version of the key document by which it was judged. */
      readonly keyVersion: number;
    }
  | { readonly kind: 'unsigned' };

/** Bytes whose hash was signed by their publisher, before one of them is parsed. Only `attestUpload` makes one. */
export type Attested = Uploaded & { readonly attestation: Attestation; readonly [attested]: true };

/**
 * Holds the whole archive against the signed statement. The envelope's own claim says whose keys to ask for; the keys
 * then decide whether it may be believed.
 * @throws Refusal `envelope_*`, `statement_*`, `signature_*`, `signed_archive_differs`, `publisher_keys_missing`, or
 *   as `requirePublisher`
 */
export async function attestUpload(ports: PublishingPorts, upload: Uploaded): Promise<Attested> {
  const attestation = await attest(ports, upload);
  return { ...upload, attestation } as Attested;
}

async function attest(ports: PublishingPorts, upload: Uploaded): Promise<Attestation> {
  const { envelope } = upload;
  if (!envelope) return { kind: 'unsigned' };
  const claimed = readUnverifiedStatement({ ...evidenceOf(upload), envelope });
  const authority = await requirePublisher(upload, claimed.publisher);
  return ports.database.transaction({ kind: 'instance' }, async (tx) => {
    const judged = await judgeEnvelope(tx, { ...upload, envelope }, claimed);
    const statementSha256 = sha256Hex(parseEnvelope(envelope, STATEMENT_PAYLOAD_TYPE).payload);
    return { kind: 'signed', envelope, authority, statementSha256, ...judged };
  });
}

async function judgeEnvelope(
  tx: Transaction,
  upload: Uploaded & { readonly envelope: Uint8Array },
  claimed: PackageIdentity,
): Promise<{ statement: VerifiedStatement; keyVersion: number }> {
  const history = await loadKeyHistory(tx, claimed.publisher);
  if (!history)
    throw new Refusal('publisher_keys_missing', { detail: `${claimed.publisher} has no key document.` });
  const { envelope, at } = upload;
  const trust = { kind: 'documents', history } as const;
  const statement = verifyPackageEnvelope({ ...evidenceOf(upload), envelope, trust, at });
  return { statement, keyVersion: history.length };
}

/**
 * Keeps the verdict true until the transaction ends: no key document comes in between, and if one has come since
 * the verdict, the verdict is made anew.
 * @throws Refusal as `attestUpload`
 */
export async function holdAttestation(tx: Transaction, upload: Attested): Promise<void> {
  const { attestation } = upload;
  if (attestation.kind === 'unsigned') return;
  const { publisher } = attestation.statement;
  await holdKeys(tx, publisher);
  if ((await newestKeyVersion(tx, publisher)) === attestation.keyVersion) return;
  await judgeEnvelope(tx, { ...upload, envelope: attestation.envelope }, attestation.statement);
}

function evidenceOf(upload: Uploaded): { archiveSha256: string; archiveSize: number } {
  return { archiveSha256: upload.archiveSha256, archiveSize: upload.archive.length };
}
