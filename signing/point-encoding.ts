/**
 * Checks on Ed25519 encodings that every engine must agree with before it is asked.
 *
 * RFC 8032 leaves room in what a verifier takes, and engines (even patch releases of one) use that room differently.
 * These checks close it: the scalar is reduced, points have one encoding, and no point is of low order. What passes
 * them is judged alike by every engine that was measured.
 */

/** The field prime, 2^255 - 19 (RFC 8032, section 5.1). */
const FIELD_PRIME = 2n ** 255n - 19n;
/** The order of the base point (RFC 8032, section 5.1). */
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const SIGN_BIT = 1n << 255n;

/** y of a point of order 8; its negative is the other one. */
const ORDER_EIGHT_Y = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;

/** The y of every point whose order divides 8: order 4, 1, 2, 8 and 8. With either sign bit these are ten encodings. */
const LOW_ORDER_YS: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  FIELD_PRIME - 1n,
  ORDER_EIGHT_Y,
  FIELD_PRIME - ORDER_EIGHT_Y,
]);

export type PointVerdict = 'sound' | 'notCanonical' | 'lowOrder';

/**
 * @param encoding 32 bytes: y in little-endian order, the sign of x in the top bit (RFC 8032, section 5.1.2)
 * @returns whether the encoding is the only one of its point (section 5.1.3, step 1) and the point not of low order.
 *   Whether it lies on the curve is left to the engine, which refuses it in the same way everywhere.
 */
export function judgePoint(encoding: Uint8Array): PointVerdict {
  const bits = littleEndian(encoding);
  const y = bits & (SIGN_BIT - 1n);
  if (y >= FIELD_PRIME) return 'notCanonical';
  return LOW_ORDER_YS.has(y) ? 'lowOrder' : 'sound';
}

/** @returns whether S is below the group order (RFC 8032, section 5.1.7, step 1). S + L would verify too: malleability. */
export function isReducedScalar(encoding: Uint8Array): boolean {
  return littleEndian(encoding) < GROUP_ORDER;
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}
