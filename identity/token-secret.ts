/**
 * The secret of a token: `souk_`, 43 characters for 32 random bytes, 6 characters of checksum.
 *
 * The bytes are one big-endian number, written in base 62 (digits, upper case, lower case) and padded with `0` to 43
 * characters. The checksum is the CRC-32 (ISO 3309, as in zlib) of the 48 ASCII characters before it, in base 62,
 * padded to 6. It tells a slip of the hand, and lets a scanner of leaked secrets be sure, without asking anyone.
 *
 * Stored is the SHA-256 of the whole text. 256 random bits need no slow hash.
 */
import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Refusal } from '../spec/refusal.ts';

const PREFIX = 'souk_';
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_BYTES = 32;
/** 62^43 > 2^256 > 62^42. */
const RANDOM_CHARS = 43;
/** 62^6 > 2^32 > 62^5. */
const CHECKSUM_CHARS = 6;

const SHAPE = new RegExp(`^${PREFIX}[0-9A-Za-z]{${RANDOM_CHARS + CHECKSUM_CHARS}}$`, 'u');

declare const checked: unique symbol;

/** A text with the form and checksum of a token. */
export type TokenSecret = string & { readonly [checked]: true };

export function createTokenSecret(): TokenSecret {
  const random = BigInt(`0x${randomBytes(RANDOM_BYTES).toString('hex')}`);
  const body = PREFIX + base62(random, RANDOM_CHARS);
  return (body + checksumOf(body)) as TokenSecret;
}

/** @throws Refusal `token_malformed`, which never quotes the text */
export function readTokenSecret(text: string): TokenSecret {
  const body = text.slice(0, -CHECKSUM_CHARS);
  if (!SHAPE.test(text)) {
    throw new Refusal('token_malformed', { detail: 'The token does not have the form of a token of Souk.' });
  }
  if (checksumOf(body) !== text.slice(-CHECKSUM_CHARS)) {
    throw new Refusal('token_malformed', {
      detail: 'The checksum of the token is wrong: part of it was mistyped or lost.',
    });
  }
  return text as TokenSecret;
}

/** Cheap and final: whether to treat an Authorization value as Souk's own at all. */
export function looksLikeToken(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** What is stored in place of a secret, in lower-case hex. Of any other text it is a hash that no token has. */
export function hashTokenSecret(text: string): string {
  return hash('sha256', text, 'hex');
}

function checksumOf(body: string): string {
  return base62(BigInt(crc32(body)), CHECKSUM_CHARS);
}

function base62(value: bigint, chars: number): string {
  let rest = value;
  let text = '';
  // Invariant: text has the lower digits, rest the upper ones.
  while (rest > 0n) {
    text = (DIGITS[Number(rest % 62n)] ?? '') + text;
    rest /= 62n;
  }
  return text.padStart(chars, '0');
}
