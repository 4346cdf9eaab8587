import type { JsonValue } from '../json.ts';
import { KV_LIMITS } from '../limits.ts';
import { Refusal } from '../refusal.ts';

/** Longest time to live: ten years, far below where PostgreSQL's own dates end. */
const TTL_MS_MAX = 10 * 366 * 86_400_000;
/** As many keys as one call may ask for; their values together stay below the frame of an answer. */
export const KEYS_PER_CALL_MAX = 100;
/** What `getMany` may answer, so that it fits into one frame to the runner. */
const ANSWER_BYTES_MAX = 1024 * 1024;

declare const checked: unique symbol;
/** Text that PostgreSQL stores as it is, within the limit. */
export type KvKey = string & { readonly [checked]: 'key' };
/** JSON text within the limit. */
export type KvValue = string & { readonly [checked]: 'value' };

/** @throws Refusal `kv_key_invalid` */
export function checkKey(key: string): KvKey {
  if (key === '') throw invalidKey('The key is empty.');
  return checkPrefix(key);
}

/** A prefix may be empty. @throws Refusal `kv_key_invalid` */
export function checkPrefix(prefix: string): KvKey {
  const bytes = Buffer.byteLength(prefix, 'utf8');
  if (bytes > KV_LIMITS.keyBytesMax) {
    throw invalidKey(`The key has ${bytes} bytes; at most ${KV_LIMITS.keyBytesMax} are taken.`);
  }
  // PostgreSQL has no U+0000 in text, and a lone surrogate would be stored as U+FFFD: two keys would become one.
  if (prefix.includes('\0')) throw invalidKey('The key holds U+0000.');
  if (!prefix.isWellFormed()) throw invalidKey('The key holds half a surrogate pair.');
  return prefix as KvKey;
}

function invalidKey(detail: string): Refusal {
  return new Refusal('kv_key_invalid', { detail });
}

/** @throws Refusal `kv_value_too_large` */
export function checkValue(value: JsonValue): KvValue {
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes <= KV_LIMITS.valueBytesMax) return text as KvValue;
  throw new Refusal('kv_value_too_large', {
    detail: `The value has ${bytes} bytes as JSON; at most ${KV_LIMITS.valueBytesMax} are taken.`,
  });
}

/** A number with its bounds, which NaN never meets. @throws Refusal `kv_request_invalid` */
export function checkInteger(name: string, value: number, bounds: { min: number; max: number }): number {
  if (Number.isSafeInteger(value) && value >= bounds.min && value <= bounds.max) return value;
  throw new Refusal('kv_request_invalid', {
    detail: `${name} is ${value}; it is a whole number from ${bounds.min} to ${bounds.max}.`,
  });
}

/** @returns the keys, each once. @throws Refusal `kv_request_invalid` or `kv_key_invalid` */
export function checkKeys(keys: readonly string[]): string[] {
  checkInteger('The number of keys', keys.length, { min: 0, max: KEYS_PER_CALL_MAX });
  return [...new Set(keys.map(checkKey))];
}

/** @throws Refusal `kv_request_invalid` */
export function checkTtl(ttlMs: number): number {
  return checkInteger('ttlMs', ttlMs, { min: 1, max: TTL_MS_MAX });
}

/** @param chars of all values of one answer together. @throws Refusal `kv_request_invalid` */
export function checkAnswer(chars: number): void {
  if (chars <= ANSWER_BYTES_MAX) return;
  throw new Refusal('kv_request_invalid', {
    detail: `The values of these keys have ${chars} characters together; one call answers ${ANSWER_BYTES_MAX}.`,
    hint: 'Ask for fewer keys at once.',
  });
}
