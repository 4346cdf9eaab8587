import { describe, expect, test } from 'vitest';
import { type KeyChallenge, requireAnswer, writeKeyProof } from './key-proof.ts';
import { bytesOf, refusalOf, time } from './testing.fixture.ts';

const CHALLENGE: KeyChallenge = {
  origin: 'https://souk.example.org',
  publisher: 'kelompok',
  nonce: Buffer.alloc(32, 5).toString('base64'),
  expiresAt: time('2026-01-02T00:10:00Z'),
};
const DIGEST = 'ab'.repeat(32);
const GOOD = Buffer.from(writeKeyProof(CHALLENGE, DIGEST)).toString();

test('the answer to its challenge passes until the moment of expiry', () => {
  requireAnswer(bytesOf(GOOD), CHALLENGE, DIGEST, time('2026-01-02T00:09:59Z'));
  refusalOf('key_proof_expired', () => requireAnswer(bytesOf(GOOD), CHALLENGE, DIGEST, CHALLENGE.expiresAt));
});

test('a challenge with an expiry within a second is answered in whole seconds', () => {
  const challenge = { ...CHALLENGE, expiresAt: new Date('2026-01-02T00:10:00.750Z') };
  requireAnswer(writeKeyProof(challenge, DIGEST), challenge, DIGEST, time('2026-01-02'));
});

describe('refused proofs', () => {
  test.each([
    ['other-type', GOOD.replace('key-challenge/v1', 'key-challenge/v2')],
    ['short-nonce', GOOD.replace(CHALLENGE.nonce, 'AAAA')],
    ['unknown-member', GOOD.replace('{', '{"extra":1,')],
    ['no-digest', GOOD.replace(`,"documentSha256":"${DIGEST}"`, '')],
    ['not-json', 'x'],
  ])('%s', (_, text) => {
    expect(text).not.toBe(GOOD);
    refusalOf('key_proof_invalid', () => requireAnswer(bytesOf(text), CHALLENGE, DIGEST, time('2026-01-02')));
  });
});
