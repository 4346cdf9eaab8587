import { randomBytes } from 'node:crypto';
import { appendAudit, type Transaction } from '../../database/index.ts';
import type { KeyChallenge } from '../../signing/index.ts';
import { isNamespace } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { Author } from '../catalogue/author.ts';
import { KeyChallengeEntity } from '../entities/index.ts';
import { newestKeyVersion } from './key-store.ts';
import type { KeyPorts } from './ports.ts';

/** Time to sign with keys that may lie on another machine. */
const CHALLENGE_MS = 15 * 60_000;
const NONCE_BYTES = 32;

/**
 * Begins the registration of a publisher's first key document: whoever answers shows that the keys are theirs.
 * @throws Refusal `key_document_exists`, or as `Author.requirePublisher`
 */
export async function createKeyChallenge(
  ports: KeyPorts,
  request: { readonly author: Author; readonly publisher: string },
): Promise<KeyChallenge> {
  const { author, publisher } = request;
  const at = ports.now();
  // Whole seconds, as documents write times.
  const expiresAt = new Date(Math.floor((at.getTime() + CHALLENGE_MS) / 1_000) * 1_000);
  const nonce = randomBytes(NONCE_BYTES).toString('base64');
  await ports.database.transaction({ kind: 'instance' }, async (tx) => {
    const { orgId } = await author.requirePublisher(tx, publisher);
    await requireNoKeys(tx, publisher);
    await tx.em.nativeDelete(KeyChallengeEntity, { expiresAt: { $lte: at } });
    const createdBy = JSON.stringify(author.actor);
    await tx.em.insert(KeyChallengeEntity, { nonce, publisher, createdBy, expiresAt });
    await appendAudit(tx, {
      scope: { kind: 'org', orgId },
      actor: author.actor,
      action: 'publisher.key-challenge-made',
      subject: `publisher:${publisher}`,
      detail: { expiresAt: expiresAt.toISOString() },
    });
  });
  return { origin: ports.origin, publisher, nonce, expiresAt };
}

/** @throws Refusal `key_document_exists` */
export async function requireNoKeys(tx: Transaction, publisher: string): Promise<void> {
  const version = await newestKeyVersion(tx, publisher);
  if (version > 0)
    throw new Refusal('key_document_exists', {
      detail: `${publisher} has version ${version} of its key document.`,
    });
}

/**
 * Takes the challenge out of the store, so that it is answered once; a rollback puts it back.
 * @throws Refusal `key_challenge_unknown`
 */
export async function takeChallenge(
  tx: Transaction,
  wanted: { readonly origin: string; readonly publisher: string; readonly nonce: string; readonly at: Date },
): Promise<KeyChallenge> {
  const { origin, publisher, nonce, at } = wanted;
  const rows = await tx.em.execute<{ expires_at: string | Date }[]>(
    'delete from publisher_key_challenge where nonce = ? and publisher = ? and expires_at > ? returning expires_at',
    [nonce.slice(0, 64).replaceAll('\0', ''), isNamespace(publisher) ? publisher : '', at],
  );
  const [row] = rows;
  if (!row)
    throw new Refusal('key_challenge_unknown', {
      detail: `No challenge of this nonce waits for an answer of ${publisher}.`,
    });
  return { origin, publisher, nonce, expiresAt: new Date(row.expires_at) };
}
