import type { Transaction } from '../../database/index.ts';
import {
  readUnverifiedStatement,
  type VerifiedStatement,
  verifyPackageEnvelope,
} from '../../signing/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import { loadKeyHistory } from '../keys/key-store.ts';
import { registryTime } from '../keys/registry-time.ts';
import { namesToCompare } from './look-alikes.ts';
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
      readonly authority: PublisherAuthority;
      /** Version of the key document by which it was judged. */
      readonly keyVersion: number;
    }
  | { readonly kind: 'unsigned' };

/** Bytes whose hash was signed by their publisher, before one of them is parsed. Only `attestUpload` makes one. */
export type Attested = Uploaded & {
  readonly attestation: Attestation;
  /** Of which a new name could be a look-alike; see `namesToCompare`. */
  readonly knownPluginIds: readonly PluginId[];
  readonly [attested]: true;
};

/**
 * Holds the whole archive against the signed statement. The envelope's own claim says whose keys to ask for; the keys
 * then decide whether it may be believed. All that is asked of the database before the package is read, is asked here.
 * @throws Refusal `envelope_*`, `statement_*`, `signature_*`, `signed_archive_differs`, `publisher_keys_missing`, or
 *   as `requirePublisher`
 */
export async function attestUpload(ports: PublishingPorts, upload: Uploaded): Promise<Attested> {
  const { envelope } = upload;
  if (!envelope) return unsigned(upload);
  const claimed = readUnverifiedStatement({ ...evidenceOf(upload), envelope });
  return ports.database.transaction({ kind: 'instance' }, async (tx) => {
    const authority = await requirePublisher(tx, upload, claimed.publisher);
    const { at, ...verdict } = await judgeEnvelope(tx, upload, envelope, claimed.publisher);
    const attestation: Attestation = { kind: 'signed', envelope, authority, ...verdict };
    const knownPluginIds = await namesToCompare(tx, upload.destination, verdict.statement);
    return { ...upload, at, attestation, knownPluginIds } as Attested;
  });
}

/** A private registry compares no names. */
function unsigned(upload: Uploaded): Attested {
  const knownPluginIds: readonly PluginId[] = [];
  return { ...upload, attestation: { kind: 'unsigned' }, knownPluginIds } as Attested;
}

type Judgement = { readonly statement: VerifiedStatement; readonly keyVersion: number; readonly at: Date };

/**
 * The verdict by the keys that the registry knows of now.
 * @param tx in any scope: keys belong to no organization
 * @throws Refusal as `attestUpload`
 */
export async function judgeEnvelope(
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

function evidenceOf(upload: Uploaded): { archiveSha256: string; archiveSize: number } {
  return { archiveSha256: upload.archiveSha256, archiveSize: upload.archive.length };
}
