import { verify } from 'node:crypto';
import { Fault, Refusal } from '../spec/refusal.ts';
import { isReducedScalar, judgePoint } from './point-encoding.ts';
import type { PublicKey } from './public-key.ts';

const SIGNATURE_BYTES = 64;
const POINT_BYTES = 32;

export type SignatureVerdict = 'valid' | 'malformed' | 'malleable' | 'notCanonical' | 'invalid';

/**
 * Judges one Ed25519 signature (RFC 8032, section 5.1.7, without the cofactor). Our own checks come first and close
 * all that engines differ in, so the verdict depends on no engine.
 * @param signature R (32 bytes) and S (32 bytes)
 */
export function judgeSignature(key: PublicKey, message: Uint8Array, signature: Uint8Array): SignatureVerdict {
  if (signature.length !== SIGNATURE_BYTES) return 'malformed';
  if (!isReducedScalar(signature.subarray(POINT_BYTES))) return 'malleable';
  if (judgePoint(signature.subarray(0, POINT_BYTES)) !== 'sound') return 'notCanonical';
  return verify(null, message, key.toEngineKey(), signature) ? 'valid' : 'invalid';
}

/**
 * @throws Refusal `signature_malformed`, `signature_malleable`, `signature_not_canonical` or `signature_invalid`
 */
export function requireValidSignature(key: PublicKey, message: Uint8Array, signature: Uint8Array): void {
  const verdict = judgeSignature(key, message, signature);
  const who = `The signature of ${key.id}`;
  switch (verdict) {
    case 'valid':
      return;
    case 'malformed':
      throw new Refusal('signature_malformed', { detail: `${who} has ${signature.length} bytes.` });
    case 'malleable':
      throw new Refusal('signature_malleable', {
        detail: `${who} has an S that is not below the group order.`,
      });
    case 'notCanonical':
      throw new Refusal('signature_not_canonical', { detail: `${who} has an R that is no canonical point.` });
    case 'invalid':
      throw new Refusal('signature_invalid', { detail: `${who} does not fit.` });
    default:
      throw new Fault(`unknown verdict ${String(verdict satisfies never)}`);
  }
}
