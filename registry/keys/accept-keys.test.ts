import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  formatEnvelope,
  type KeyChallenge,
  KEY_PROOF_PAYLOAD_TYPE,
  type PrivateKey,
  sha256Hex,
  signEnvelope,
  writeKeyDocument,
  writeKeyProof,
} from '../../signing/index.ts';
import { keyDocument, keyDocumentEnvelope, keyOf, listed, time } from '../../signing/testing.fixture.ts';
import { publishPackage } from '../publishing/publish-package.ts';
import {
  authorIn,
  freshId,
  giveKeys,
  makeArchive,
  NOW,
  ORG,
  OTHER_ORG,
  PUBLIC,
  signArchive,
  signedUpload,
  startTestRegistry,
  type TestRegistry,
} from '../publishing/testing.ts';
import {
  acceptFirstKeys,
  acceptNextKeys,
  createKeyChallenge,
  type KeyPorts,
  listKeyDocuments,
} from './index.ts';

const author = authorIn(ORG);

let registry: TestRegistry;
const ports = (at = NOW): KeyPorts => ({
  database: registry.ports.database,
  origin: 'https://souk.example.org',
  now: () => at,
});

beforeAll(async () => {
  registry = await startTestRegistry();
});
afterAll(() => registry.close());

function prove(challenge: KeyChallenge, publisher: string, keys: readonly PrivateKey[]): Uint8Array {
  const digest = sha256Hex(writeKeyDocument(keyDocument({ publisher })));
  return Buffer.from(
    formatEnvelope(signEnvelope(KEY_PROOF_PAYLOAD_TYPE, writeKeyProof(challenge, digest), keys)),
  );
}

const first = (publisher: string) => keyDocumentEnvelope(keyDocument({ publisher }), [keyOf(1), keyOf(2)]);

async function waitingForLocks({ test }: TestRegistry): Promise<number> {
  const { rows } = await test.superuser.query<{ count: number }>(
    `select count(*)::int as count from pg_locks join pg_database on pg_database.oid = pg_locks.database
      where datname = current_database() and locktype = 'advisory' and not granted`,
  );
  return rows[0]?.count ?? 0;
}

/** Key 3 publishes instead of key 2, which is revoked from `effectiveFrom` on. */
function rotation(publisher: string, effectiveFrom: Date): Uint8Array {
  const document = keyDocument({
    publisher,
    version: 2,
    keys: [listed(keyOf(1)), listed(keyOf(3))],
    roles: {
      root: { threshold: 1, keyIds: [keyOf(1).publicKey.id] },
      publish: { threshold: 1, keyIds: [keyOf(3).publicKey.id] },
    },
    revocations: [
      { keyId: keyOf(2).publicKey.id, effectiveFrom, decidedAt: effectiveFrom, reason: 'compromised' },
    ],
  });
  return keyDocumentEnvelope(document, [keyOf(1), keyOf(3)]);
}

describe('acceptFirstKeys', () => {
  it('takes a document whose every key answered the challenge, and shows it', async () => {
    const challenge = await createKeyChallenge(ports(), { author, publisher: 'situs' });
    const proof = prove(challenge, 'situs', [keyOf(1), keyOf(2)]);
    const request = { author, publisher: 'situs', nonce: challenge.nonce, envelope: first('situs'), proof };
    const accepted = await acceptFirstKeys(ports(), request);
    expect(accepted).toEqual({ publisher: 'situs', version: 1, acceptedAt: NOW, distrusted: [] });
    expect(await listKeyDocuments(registry.ports.database, 'situs')).toMatchObject([
      { version: 1, acceptedAt: NOW },
    ]);
    await expect(acceptFirstKeys(ports(), request)).rejects.toMatchObject({ code: 'key_document_exists' });
  });

  it('refuses what was not proved, an unknown challenge, an expired one, and one that was answered for another', async () => {
    const challenge = await createKeyChallenge(ports(), { author, publisher: 'kelompok' });
    const send = (changes: object, at = NOW) =>
      acceptFirstKeys(ports(at), {
        author,
        publisher: 'kelompok',
        nonce: challenge.nonce,
        envelope: first('kelompok'),
        proof: prove(challenge, 'kelompok', [keyOf(1), keyOf(2)]),
        ...changes,
      });
    const half = prove(challenge, 'kelompok', [keyOf(1)]);
    await expect(send({ proof: half })).rejects.toMatchObject({ code: 'key_document_key_unproven' });
    await expect(send({ nonce: 'constructor\0' })).rejects.toMatchObject({ code: 'key_challenge_unknown' });
    await expect(send({}, time('2026-06-02'))).rejects.toMatchObject({ code: 'key_challenge_unknown' });
    const elsewhere = prove({ ...challenge, origin: 'https://evil.example' }, 'kelompok', [
      keyOf(1),
      keyOf(2),
    ]);
    await expect(send({ proof: elsewhere })).rejects.toMatchObject({ code: 'key_proof_mismatch' });
    await expect(send({ author: authorIn(OTHER_ORG) })).rejects.toMatchObject({ code: 'not_found' });
    expect(await send({})).toMatchObject({ version: 1 });
  });
});

describe('acceptNextKeys', () => {
  it('keeps what was accepted before the revocation, drops what came after, and takes it back once re-signed', async () => {
    const fresh = await startTestRegistry();
    try {
      await giveKeys(fresh, 'kelompok');
      const [before, after] = [freshId(), freshId()];
      const at = (day: string) => ({ ...fresh.ports, now: () => time(day) });
      await publishPackage(at('2026-03-01'), signedUpload({ id: before }));
      await publishPackage(at('2026-05-01'), signedUpload({ id: after }));
      const accepted = await acceptNextKeys(
        { ...ports(), database: fresh.ports.database },
        { author, publisher: 'kelompok', envelope: rotation('kelompok', time('2026-04-01')) },
      );
      expect(accepted.distrusted).toEqual([`${after}@1.0.0`]);
      const { rows } = await fresh.test.superuser.query(
        `select publisher || '/' || name as id, signature, latest_version from plugin
           join plugin_version on plugin_version.plugin_id = plugin.id order by accepted_at`,
      );
      expect(rows).toEqual([
        { id: before, signature: 'trusted', latest_version: '1.0.0' },
        { id: after, signature: 'untrusted', latest_version: null },
      ]);
      const archive = makeArchive({ id: after });
      const envelope = signArchive(archive, [keyOf(3)]);
      const renewed = await publishPackage(at('2026-06-02'), {
        author,
        destination: PUBLIC,
        archive,
        envelope,
      });
      expect(renewed).toMatchObject({ outcome: 'already_published', signature: 'trusted' });
      await expect(publishPackage(at('2026-06-02'), signedUpload({ id: freshId() }))).rejects.toMatchObject({
        code: 'signature_key_revoked',
      });
    } finally {
      await fresh.close();
    }
  });

  it('waits for a package that is being stored by the keys that were in force, and judges it as well', async () => {
    const fresh = await startTestRegistry();
    try {
      await giveKeys(fresh, 'kelompok');
      const [storing, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const put = async (bytes: Uint8Array): Promise<string> => {
        storing.resolve();
        await goOn.promise;
        return fresh.ports.blobs.put(bytes);
      };
      const id = freshId();
      const held = { ...fresh.ports, blobs: { ...fresh.ports.blobs, put }, now: () => time('2026-05-01') };
      const publishing = publishPackage(held, signedUpload({ id }));
      await Promise.race([storing.promise, publishing]);
      let isAccepted = false;
      const accepting = acceptNextKeys(
        { ...ports(), database: fresh.ports.database },
        { author, publisher: 'kelompok', envelope: rotation('kelompok', time('2026-04-01')) },
      ).finally(() => (isAccepted = true));
      await expect.poll(async () => isAccepted || (await waitingForLocks(fresh)) > 0).toBe(true);
      goOn.resolve();
      await publishing;
      expect((await accepting).distrusted).toEqual([`${id}@1.0.0`]);
    } finally {
      await fresh.close();
    }
  });

  it('keeps the order of signing and rotating, also within a second and against a clock that lags', async () => {
    const fresh = await startTestRegistry();
    try {
      await giveKeys(fresh, 'kelompok');
      const at = (text: string) => ({ ...fresh.ports, now: () => time(text) });
      const early = await publishPackage(at('2026-06-01T12:00:00.900Z'), signedUpload({ id: freshId() }));
      const keys = { ...ports(time('2026-06-01T12:00:00.950Z')), database: fresh.ports.database };
      const envelope = rotation('kelompok', time('2026-06-01T12:00:01Z'));
      const rotated = await acceptNextKeys(keys, { author, publisher: 'kelompok', envelope });
      const archive = makeArchive({ id: freshId() });
      const late = await publishPackage(at('2026-06-01T11:59:00Z'), {
        author,
        destination: PUBLIC,
        archive,
        envelope: signArchive(archive, [keyOf(3)]),
      });
      expect([early, rotated, late].map(({ acceptedAt }) => acceptedAt.toISOString())).toEqual([
        '2026-06-01T12:00:00.000Z',
        '2026-06-01T12:00:01.000Z',
        '2026-06-01T12:00:01.000Z',
      ]);
      expect(rotated.distrusted).toEqual([]);
    } finally {
      await fresh.close();
    }
  });

  it('reaches a package that was judged before the revocation and would be stored after it', async () => {
    const fresh = await startTestRegistry();
    try {
      await giveKeys(fresh, 'kelompok');
      const reader: typeof fresh.ports.reader = {
        read: async (...upload) => {
          const envelope = rotation('kelompok', time('2026-02-01'));
          await acceptNextKeys(
            { ...ports(), database: fresh.ports.database },
            { author, publisher: 'kelompok', envelope },
          );
          return fresh.ports.reader.read(...upload);
        },
      };
      await expect(
        publishPackage({ ...fresh.ports, reader }, signedUpload({ id: freshId() })),
      ).rejects.toMatchObject({ code: 'signature_key_revoked' });
    } finally {
      await fresh.close();
    }
  });

  it('refuses a document that skips a version, and one for a publisher without keys', async () => {
    const fresh = await startTestRegistry();
    try {
      await giveKeys(fresh, 'kelompok');
      const target = { ...ports(), database: fresh.ports.database };
      const skipped = keyDocumentEnvelope(keyDocument({ version: 3 }), [keyOf(1), keyOf(2)]);
      await expect(
        acceptNextKeys(target, { author, publisher: 'kelompok', envelope: skipped }),
      ).rejects.toMatchObject({ code: 'key_document_version_wrong' });
      await expect(
        acceptNextKeys(target, { author, publisher: 'situs', envelope: skipped }),
      ).rejects.toMatchObject({ code: 'publisher_keys_missing' });
    } finally {
      await fresh.close();
    }
  });
});
