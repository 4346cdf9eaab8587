import type { Transaction } from '../../database/index.ts';
import {
  parseEnvelope,
  readUnverifiedStatement,
  sha256Hex,
  STATEMENT_PAYLOAD_TYPE,
  type VerifiedStatement,
  verifyPackageEnvelope,
} from '../../signing/index.ts';
import { Refusal } from '../../spec/refusal.ts';
import { holdKeys, loadKeyHistory, newestKeyVersion } from '../keys/key-store.ts';
import { registryTime } from '../keys/registry-time.ts';
import type { PublishingPorts } from './ports.ts';
import { type PublisherAuthority, requirePublisher } from './publisher.ts';
import type { Uploaded } from './upload.ts';

declare const attested: unique symbol;

/** What stands behind the bytes: the keys of their publisher, or, in a private registry that allows it, nobody. */
type Attestation =
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
  const { envelope } = upload;
  if (!envelope) return { ...upload, attestation: { kind: 'unsigned' } } as Attested;
  const claimed = readUnverifiedStatement({ ...evidenceOf(upload), envelope });
  const authority = await requirePublisher(upload, claimed.publisher);
  const judged = await ports.database.transaction({ kind: 'instance' }, (tx) =>
    judgeEnvelope(tx, upload, envelope, claimed.publisher),
  );
  const statementSha256 = sha256Hex(parseEnvelope(envelope, STATEMENT_PAYLOAD_TYPE).payload);
  const { at, ...verdict } = judged;
  return {
    ...upload,
    at,
    attestation: { kind: 'signed', envelope, authority, statementSha256, ...verdict },
  } as Attested;
}

type Judgement = { readonly statement: VerifiedStatement; readonly keyVersion: number; readonly at: Date };

async function judgeEnvelope(
  tx: Transaction,
  upload: Uploaded,
  envelope: Uint8Array,
  publisher: string,
): Promise<Judgement> {
  const history = await loadKeyHistory(tx, publisher);
  if (!history) throw new Refusal('publisher_keys_missing', { detail: `${publisher} has no key document.` });
  const at = registryTime(upload.at, (history.at(-1) ?? history[0]).acceptedAt);
  const trust = { kind: 'documents', history } as const;
  const statement = verifyPackageEnvelope({ ...evidenceOf(upload), envelope, trust, at });
  return { statement, keyVersion: history.length, at };
}

/**
 * Keeps the verdict true until the transaction ends: no key document comes in between, and if one has come since
 * the verdict, the verdict is made anew.
 * @returns the upload with the verdict, and the time, that hold
 * @throws Refusal as `attestUpload`
 */
export async function holdAttestation<Stage extends Attested>(
  tx: Transaction,
  upload: Stage,
): Promise<Stage> {
  const { attestation } = upload;
  if (attestation.kind === 'unsigned') return upload;
  const { publisher } = attestation.statement;
  await holdKeys(tx, publisher);
  if ((await newestKeyVersion(tx, publisher)) === attestation.keyVersion) return upload;
  const { at, ...verdict } = await judgeEnvelope(tx, upload, attestation.envelope, publisher);
  return { ...upload, at, attestation: { ...attestation, ...verdict } };
}

function evidenceOf(upload: Uploaded): { archiveSha256: string; archiveSize: number } {
  return { archiveSha256: upload.archiveSha256, archiveSize: upload.archive.length };
}
