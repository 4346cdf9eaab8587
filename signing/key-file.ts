/**
 * Key files: three lines of ASCII, each ended by one LF, nothing else.
 *
 *     SOUK PRIVATE KEY 1                          SOUK PUBLIC KEY 1
 *     keyid ed25519:<64 hexadecimal digits>       keyid ed25519:<64 hexadecimal digits>
 *     seed <44 characters of base64>              key <44 characters of base64>
 *
 * The first line says which of the two it is, for people, for this reader and for whoever searches a package for
 * secrets. The id is that of the public key in both, and must fit. A private file is written with mode 0600.
 */
import { Fault, Refusal } from '../spec/refusal.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { PrivateKey } from './private-key.ts';
import { PublicKey } from './public-key.ts';

/** How every private key file begins. */
export const PRIVATE_KEY_MARK = 'SOUK PRIVATE KEY';
const PUBLIC_KEY_MARK = 'SOUK PUBLIC KEY';
const KEY_FILE_BYTES_MAX = 1_024;
const FORM =
  /^(SOUK (?:PRIVATE|PUBLIC) KEY) 1\nkeyid (ed25519:[0-9a-f]{64})\n(seed|key) ([A-Za-z0-9+/]{43}=)\n$/u;

type KeyFileKind = 'private' | 'public';

export function formatPrivateKeyFile(key: PrivateKey): string {
  return `${PRIVATE_KEY_MARK} 1\nkeyid ${key.publicKey.id}\nseed ${encodeBase64(key.exportSeed())}\n`;
}

export function formatPublicKeyFile(key: PublicKey): string {
  return `${PUBLIC_KEY_MARK} 1\nkeyid ${key.id}\nkey ${key.toBase64()}\n`;
}

/** @throws Refusal `key_file_is_public` or `key_file_invalid` */
export function parsePrivateKeyFile(bytes: Uint8Array): PrivateKey {
  const file = readKeyFile(bytes, 'private');
  const key = PrivateKey.fromSeed(file.secretOrKey);
  requireKeyId(key.publicKey, file.keyId);
  return key;
}

/** @throws Refusal `key_file_is_private`, `key_file_invalid`, or as `PublicKey.fromBytes` */
export function parsePublicKeyFile(bytes: Uint8Array): PublicKey {
  const file = readKeyFile(bytes, 'public');
  const key = PublicKey.fromBytes(file.secretOrKey);
  requireKeyId(key, file.keyId);
  return key;
}

function readKeyFile(bytes: Uint8Array, wanted: KeyFileKind): { keyId: string; secretOrKey: Uint8Array } {
  // Never quote what was read: it may be a secret.
  const text = Buffer.from(bytes.subarray(0, KEY_FILE_BYTES_MAX + 1)).toString('latin1');
  requireKind(text, wanted);
  const [, , keyId, label, base64] = FORM.exec(text) ?? [];
  const secretOrKey = base64 === undefined ? undefined : decodeBase64(base64);
  if (!secretOrKey || keyId === undefined || label !== (wanted === 'private' ? 'seed' : 'key'))
    throw new Refusal('key_file_invalid', { detail: `The file is not the three lines of a ${wanted} key.` });
  return { keyId, secretOrKey };
}

function requireKind(text: string, wanted: KeyFileKind): void {
  switch (wanted) {
    case 'private':
      if (text.startsWith(PUBLIC_KEY_MARK))
        throw new Refusal('key_file_is_public', { detail: `The file begins with ${PUBLIC_KEY_MARK}.` });
      return;
    case 'public':
      if (text.startsWith(PRIVATE_KEY_MARK))
        throw new Refusal('key_file_is_private', { detail: `The file begins with ${PRIVATE_KEY_MARK}.` });
      return;
    default:
      throw new Fault(`unknown kind ${String(wanted satisfies never)}`);
  }
}

function requireKeyId(key: PublicKey, found: string): void {
  if (key.id !== found)
    throw new Refusal('key_file_invalid', { detail: `The file says ${found}, but its key is ${key.id}.` });
}
