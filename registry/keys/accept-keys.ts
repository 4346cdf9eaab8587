import { appendAudit, takeLocks, type Transaction } from '../../database/index.ts';
import {
  type AcceptedKeyDocument,
  acceptFirstKeyDocument,
  acceptNextKeyDocument,
  type KeyHistory,
} from '../../signing/index.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { Author } from '../catalogue/author.ts';
import { KeyDocumentEntity } from '../entities/index.ts';
import { requireNoKeys, takeChallenge } from './challenge.ts';
import { keysLock, loadKeyHistory } from './key-store.ts';
import { distrustVersions } from './distrust.ts';
import type { KeyPorts } from './ports.ts';
import { nextRegistryTime, registryTime, TIME_ZERO } from './registry-time.ts';

export type AcceptedKeys = {
  readonly publisher: string;
  readonly version: number;
  readonly acceptedAt: Date;
  /** Versions that fell below the threshold by a revocation of this document, such as `kelompok/csv-import@0.1.0`. */
  readonly distrusted: readonly string[];
};

/**
 * Registers a publisher's first key document, with proof that its keys are the author's.
 * @param request.nonce that of the challenge which `proof` answers
 * @throws Refusal `key_document_exists`, `key_challenge_unknown`, as `acceptFirstKeyDocument`, or as
 *   `Author.requirePublisher`
 */
export async function acceptFirstKeys(
  ports: KeyPorts,
  request: {
    readonly author: Author;
    readonly publisher: string;
    readonly nonce: string;
    readonly envelope: Uint8Array;
    readonly proof: Uint8Array;
  },
): Promise<AcceptedKeys> {
  const { author, publisher, nonce, envelope, proof } = request;
  const at = registryTime(ports.now(), TIME_ZERO);
  return ports.database.transaction({ kind: 'instance' }, async (tx) => {
    const { orgId } = await author.requirePublisher(tx, publisher);
    await takeLocks(tx, [keysLock(publisher, 'exclusive')]);
    await requireNoKeys(tx, publisher);
    const challenge = await takeChallenge(tx, { origin: ports.origin, publisher, nonce, at });
    const accepted = acceptFirstKeyDocument({ publisher, envelope, proof, challenge, at });
    return recordKeys(tx, { author, orgId, envelope, accepted, distrusted: [] });
  });
}

/**
 * Accepts the next key document: a rotation, a renewal, a revocation. What was signed with a key revoked before it
 * was accepted is not offered any more.
 * @throws Refusal `publisher_keys_missing`, as `acceptNextKeyDocument`, or as `Author.requirePublisher`
 */
export async function acceptNextKeys(
  ports: KeyPorts,
  request: { readonly author: Author; readonly publisher: string; readonly envelope: Uint8Array },
): Promise<AcceptedKeys> {
  const { author, publisher, envelope } = request;
  return ports.database.transaction({ kind: 'instance' }, async (tx) => {
    const { orgId } = await author.requirePublisher(tx, publisher);
    await takeLocks(tx, [keysLock(publisher, 'exclusive')]);
    const history = await loadKeyHistory(tx, publisher);
    if (!history)
      throw new Refusal('publisher_keys_missing', { detail: `${publisher} has no first key document yet.` });
    const at = registryTime(ports.now(), await timeAfterSigned(tx, publisher));
    const accepted = acceptNextKeyDocument({ history, envelope, at });
    const next: KeyHistory = [...history, accepted];
    return recordKeys(tx, {
      author,
      orgId,
      envelope,
      accepted,
      distrusted: await distrustVersions(tx, publisher, next),
    });
  });
}

/** @returns the first time after everything that was signed by the publisher's keys so far */
async function timeAfterSigned(tx: Transaction, publisher: string): Promise<Date> {
  const [row] = await tx.em.execute<{ last: string | Date | null }[]>(
    `select max(signed_at) as last from plugin_version join plugin on plugin.id = plugin_version.plugin_id
      where plugin.publisher = ?`,
    [publisher],
  );
  return row?.last ? nextRegistryTime(new Date(row.last)) : TIME_ZERO;
}

async function recordKeys(
  tx: Transaction,
  record: {
    readonly author: Author;
    readonly orgId: string;
    readonly envelope: Uint8Array;
    readonly accepted: AcceptedKeyDocument;
    readonly distrusted: readonly string[];
  },
): Promise<AcceptedKeys> {
  const { document, acceptedAt } = record.accepted;
  const { publisher, version } = document;
  const acceptedBy = JSON.stringify(record.author.actor);
  await tx.em.insert(KeyDocumentEntity, {
    publisher,
    version,
    envelope: record.envelope,
    acceptedAt,
    acceptedBy,
  });
  await appendAudit(tx, {
    scope: { kind: 'org', orgId: record.orgId },
    actor: record.author.actor,
    action: 'publisher.keys-accepted',
    subject: `publisher:${publisher}`,
    detail: {
      version,
      keyIds: document.keys.map(({ key }) => key.id),
      revoked: document.revocations.map(({ keyId }) => keyId),
      distrusted: [...record.distrusted],
    },
  });
  return { publisher, version, acceptedAt, distrusted: record.distrusted };
}
