/** Subresource Integrity (section 3.3): whether an answer has one of the digests that its request expects. */
import { atob } from './base64.ts';
import { binaryFromBytes, bytesFromBinary } from './binary.ts';
import {
  arrayIndexOf,
  arrayPush,
  replaceText,
  SafeUint8Array,
  stringIndexOf,
  stringSlice,
} from './intrinsics.ts';
import { subtle } from './subtle-crypto.ts';

/** From the weakest to the strongest. */
const ALGORITHMS = ['sha256', 'sha384', 'sha512'];
const NAMES = ['SHA-256', 'SHA-384', 'SHA-512'];

type Expected = { readonly strength: number; readonly digests: readonly string[] };

/** @param metadata as in `integrity`; where it names no algorithm that is known, anything is right */
export async function hasIntegrity(binary: string, metadata: string): Promise<boolean> {
  const { strength, digests } = parseMetadata(metadata);
  const name = NAMES[strength];
  if (name === undefined) return true;
  const digest = await subtle.digest(name, bytesFromBinary(binary));
  return arrayIndexOf(digests, binaryFromBytes(new SafeUint8Array(digest))) >= 0;
}

/** Sections 3.3.2 and 3.3.3: of several algorithms the strongest counts, and of its digests any. */
function parseMetadata(metadata: string): Expected {
  let strength = -1;
  let digests: string[] = [];
  for (const token of metadata.split(/[\t\n\f\r ]+/)) {
    const dash = stringIndexOf(token, '-');
    const found = arrayIndexOf(ALGORITHMS, stringSlice(token, 0, dash).toLowerCase());
    if (dash < 0 || found < 0 || found < strength) continue;
    if (found > strength) digests = [];
    strength = found;
    arrayPush(digests, decodeDigest(stringSlice(token, dash + 1).split('?')[0] ?? ''));
  }
  return { strength, digests };
}

/** Of either alphabet, with or without padding; what is no base64 is the digest of nothing. */
function decodeDigest(base64: string): string {
  try {
    return atob(replaceText(replaceText(base64, '-', '+'), '_', '/'));
  } catch {
    return '';
  }
}
