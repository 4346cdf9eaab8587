import { describe, expect, test } from 'vitest';
import { signEnvelope } from './envelope.ts';
import type { PrivateKey } from './private-key.ts';
import { type KeyStanding, requireThreshold, type SignerSet } from './signer-set.ts';
import { bytesOf, keyOf, refusalOf } from './testing.fixture.ts';

const [A, B, C] = [keyOf(1), keyOf(2), keyOf(3)];
const envelope = (...keys: PrivateKey[]) => signEnvelope('application/x-test', bytesOf('payload'), keys);

function signers(threshold: number, ...members: [PrivateKey, KeyStanding][]): SignerSet {
  return {
    threshold,
    keys: new Map(members.map(([{ publicKey: key }, standing]) => [key.id, { key, standing }])),
  };
}

test('names the keys that counted, in the order of their signatures', () => {
  const proved = requireThreshold(envelope(C, A, B), signers(2, [A, 'good'], [B, 'good']));
  expect(proved.signers).toEqual([A.publicKey.id, B.publicKey.id]);
  expect(proved.payload).toEqual(bytesOf('payload'));
});

test('a bad key beside enough good ones neither counts nor harms', () => {
  const proved = requireThreshold(envelope(A, B), signers(1, [A, 'revoked'], [B, 'good']));
  expect(proved.signers).toEqual([B.publicKey.id]);
});

describe('a shortfall is explained by the most telling reason', () => {
  test.each([
    ['signature_key_revoked', signers(2, [A, 'good'], [B, 'notValid'], [C, 'revoked'])],
    ['signature_key_not_valid', signers(2, [A, 'good'], [B, 'notValid'], [C, 'wrongRole'])],
    ['signature_key_role_wrong', signers(2, [A, 'good'], [C, 'wrongRole'])],
    ['signature_threshold_not_reached', signers(2, [A, 'good'], [keyOf(9), 'good'])],
    ['signature_key_unknown', signers(1, [keyOf(9), 'good'])],
  ] as const)('%s', (code, set) => {
    refusalOf(code, () => requireThreshold(envelope(A, B, C), set));
  });
});

test('the payload under another type does not verify', () => {
  const moved = { ...envelope(A), payloadType: 'application/x-other' };
  refusalOf('signature_invalid', () => requireThreshold(moved, signers(1, [A, 'good'])));
});

test.each([0, -1, Number.NaN])('a threshold of %d is a fault, not a pass', (threshold) => {
  expect(() => requireThreshold(envelope(A), signers(threshold, [A, 'good']))).toThrow('threshold below 1');
});
