/** What guests may ask of the runner's cryptography; a file of its own, because the guest has it too. */
import { KIB, MIB } from './units.ts';

const CRYPTO_JSON_CHARS_MAX = 6 * MIB + 64 * KIB;

/** Cryptographic operations of guests, whose cost is bounded before they begin: nothing can stop them then. */
export const CRYPTO_LIMITS = {
  /** Arguments of one operation as JSON: a megabyte of bytes, each at most six characters when escaped. */
  jsonCharsMax: CRYPTO_JSON_CHARS_MAX,
  /** OWASP advises 600,000 rounds of PBKDF2-HMAC-SHA-256: about 0.2 s. Counted once for each block of output. */
  pbkdf2RoundsMax: 1_000_000,
  /** RSA keys: signing takes about 5 ms at 4,096 bits and grows with the cube. */
  modulusBitsMax: 4_096,
  modulusBitsMin: 2_048,
  /** Making a key tries numbers until two are prime: 0.1 s on average at 3,072 bits, several times that with bad luck. */
  generatedModulusBitsMax: 3_072,
  /** RSA public exponents, whose length is the cost of a verification. */
  exponentBytesMax: 4,
  /** Output of a derivation, and length of an HMAC key. */
  derivedBitsMax: 65_536,
  /** Operations that the runner holds, of one run and of one isolate: a few turns of work; more wait in the guest. */
  runPendingMax: 32,
  pendingMax: 256,
  /** Their arguments together: two of the largest. */
  pendingCharsMax: 2 * CRYPTO_JSON_CHARS_MAX,
} as const;
