/**
 * Master keys: what every secret is encrypted under. Their text, in a file or a variable, is one key for each line (or
 * separated by spaces), each 32 bytes in base64 or base64url. The first one is current; those after it are earlier
 * ones, which still open what was sealed before they were replaced.
 */
import { createHash } from 'node:crypto';
import { Refusal } from '../../spec/refusal.ts';

export type MasterKey = {
  /** `mk:` and 16 hexadecimal digits; says nothing about the key. */
  readonly id: string;
  readonly bytes: Uint8Array;
};

export type KeyRing = {
  readonly current: MasterKey;
  /** Every key, the current one included. */
  readonly byId: ReadonlyMap<string, MasterKey>;
};

const KEY_BYTES = 32;
const KEY_TEXT = /^[A-Za-z0-9+/_-]{43}=?$/u;

/** @throws Refusal `master_key_invalid`, which never repeats what it read */
export function parseKeyRing(text: string): KeyRing {
  const keys = text
    .split(/\s+/u)
    .filter((part) => part !== '')
    .map(toKey);
  const [current] = keys;
  if (!current) throw new Refusal('master_key_invalid', { detail: 'There is no master key in it.' });
  return { current, byId: new Map(keys.map((key) => [key.id, key])) };
}

function toKey(text: string, index: number): MasterKey {
  const bytes = KEY_TEXT.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  if (bytes.length !== KEY_BYTES) {
    throw new Refusal('master_key_invalid', {
      detail: `The master key in place ${index + 1} is not 32 bytes in base64.`,
    });
  }
  return { id: keyIdOf(bytes), bytes };
}

/** The label keeps the id apart from any other hash of the key. */
function keyIdOf(bytes: Uint8Array): string {
  const digest = createHash('sha256').update('souk master key id v1\n').update(bytes).digest('hex');
  return `mk:${digest.slice(0, 16)}`;
}
