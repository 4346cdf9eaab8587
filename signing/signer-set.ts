import { Fault, Refusal } from '../spec/refusal.ts';
import { type Envelope, preAuthenticationEncoding } from './envelope.ts';
import type { KeyId, PublicKey } from './public-key.ts';
import { requireValidSignature } from './signature.ts';

/** Whether the signature of a key counts, and why not. */
export type KeyStanding = 'good' | 'revoked' | 'notValid' | 'wrongRole';

/** Keys that may sign for one role at one time. Keys that may not are listed too, so that a refusal can say why. */
export type SignerSet = {
  readonly threshold: number;
  readonly keys: ReadonlyMap<KeyId, { readonly key: PublicKey; readonly standing: KeyStanding }>;
};

/** A payload that the threshold of a signer set stands behind. */
export type SignedPayload = { readonly payload: Uint8Array; readonly signers: readonly KeyId[] };

/**
 * Requires that enough different keys of `signers` have signed (DSSE, protocol.md: t of n *keys*; TUF, section 5.3.4).
 *
 * Signatures of unknown keys are not looked at. Every signature that claims a known key must verify, or the envelope
 * was tampered with and is refused as a whole. The id in the envelope only picks the key; the map is keyed by ids
 * that were computed from key bytes, so one key under two names cannot count twice.
 * @throws Refusal `signature_*`
 */
export function requireThreshold(envelope: Envelope, signers: SignerSet): SignedPayload {
  if (!(signers.threshold >= 1)) throw new Fault('a threshold below 1 would accept what nobody signed');
  const message = preAuthenticationEncoding(envelope.payloadType, envelope.payload);
  const standings = new Map<KeyId, KeyStanding>();
  for (const { keyId, signature } of envelope.signatures) {
    const known = signers.keys.get(keyId);
    if (!known) continue;
    requireValidSignature(known.key, message, signature);
    standings.set(known.key.id, known.standing);
  }
  const good = [...standings].filter(([, standing]) => standing === 'good').map(([id]) => id);
  if (good.length < signers.threshold) throw explainShortfall(standings, good.length, signers.threshold);
  return { payload: envelope.payload, signers: good };
}

/** The most telling reason first: a revoked key explains more than a number. */
function explainShortfall(
  standings: ReadonlyMap<KeyId, KeyStanding>,
  goodCount: number,
  threshold: number,
): Refusal {
  const found = (wanted: KeyStanding): KeyId | undefined =>
    [...standings].find(([, standing]) => standing === wanted)?.[0];
  const count = `${goodCount} of ${threshold} needed signatures count`;
  const [revoked, notValid, wrongRole] = [found('revoked'), found('notValid'), found('wrongRole')];
  if (revoked)
    return new Refusal('signature_key_revoked', {
      detail: `${count}; ${revoked} was revoked before this time.`,
    });
  if (notValid)
    return new Refusal('signature_key_not_valid', {
      detail: `${count}; ${notValid} is not valid at this time.`,
    });
  if (wrongRole)
    return new Refusal('signature_key_role_wrong', { detail: `${count}; ${wrongRole} has another role.` });
  if (standings.size === 0)
    return new Refusal('signature_key_unknown', { detail: 'No signature is from a key that is known here.' });
  return new Refusal('signature_threshold_not_reached', { detail: `${count}.` });
}
