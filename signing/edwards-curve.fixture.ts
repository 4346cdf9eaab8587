/** Edwards25519 in plain BigInt arithmetic (RFC 8032, section 5.1), slow and not constant-time: it makes test vectors. */
import { createHash } from 'node:crypto';

export const P = 2n ** 255n - 19n;
export const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * inverse(121666n));
const SQRT_MINUS_ONE = power(2n, (P - 1n) / 4n);

export type Point = { readonly x: bigint; readonly y: bigint };
export const IDENTITY: Point = { x: 0n, y: 1n };
export const BASE: Point = decode(0x6666666666666666666666666666666666666666666666666666666666666658n);

export function mod(value: bigint, modulus: bigint = P): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = mod(base), rest = exponent; rest > 0n; rest >>= 1n, square = mod(square * square)) {
    if (rest & 1n) result = mod(result * square);
  }
  return result;
}

function inverse(value: bigint): bigint {
  return power(value, P - 2n);
}

function decode(y: bigint): Point {
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x - square) !== 0n) x = mod(x * SQRT_MINUS_ONE);
  if (mod(x * x - square) !== 0n) throw new RangeError('not on the curve');
  return { x: x & 1n ? P - x : x, y };
}

export function add(left: Point, right: Point): Point {
  const product = mod(D * left.x * right.x * left.y * right.y);
  return {
    x: mod((left.x * right.y + left.y * right.x) * inverse(1n + product)),
    y: mod((left.y * right.y + left.x * right.x) * inverse(1n - product)),
  };
}

export function multiply(scalar: bigint, point: Point): Point {
  let result = IDENTITY;
  for (let double = point, rest = scalar; rest > 0n; rest >>= 1n, double = add(double, double)) {
    if (rest & 1n) result = add(result, double);
  }
  return result;
}

/** The eight points whose order divides eight, from one of order eight that is found by trying y = 2, 3, … */
export function torsionPoints(): Point[] {
  for (let y = 2n; ; y += 1n) {
    const point = onCurve(y) ? multiply(L, decode(y)) : IDENTITY;
    if (multiply(4n, point).y !== 1n)
      return Array.from({ length: 8 }, (_, index) => multiply(BigInt(index), point));
  }
}

function onCurve(y: bigint): boolean {
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n));
  return power(square, (P - 1n) / 2n) === 1n;
}

/** Little-endian y, the sign of x in the top bit. `y` may be given beyond the prime, for a second spelling. */
export function encodeY(y: bigint, sign: bigint): Uint8Array {
  return encodeScalar(y | (sign << 255n));
}

export function encodePoint(point: Point): Uint8Array {
  return encodeY(point.y, point.x & 1n);
}

export function encodeScalar(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse());
}

export function decodeScalar(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

/** The challenge of RFC 8032, section 5.1.7: SHA-512 of R, A and the message, modulo L. */
export function challenge(r: Uint8Array, a: Uint8Array, message: Uint8Array): bigint {
  return mod(decodeScalar(createHash('sha512').update(r).update(a).update(message).digest()), L);
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
