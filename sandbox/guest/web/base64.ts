/** atob and btoa (HTML section 8.3) over the engine's own base64. */
import { bytesFromBinary, binaryFromBytes } from './binary.ts';
import { DOMException } from './dom-exception.ts';
import { matches, SafeUint8Array } from './intrinsics.ts';
import { requireArguments } from './web-idl.ts';

const ABOVE_LATIN1 = /[\u0100-\uffff]/;

// `toBase64` and `fromBase64` are looked up at each call: V8 adds them to a context that comes from a snapshot, so they
// do not exist yet when this module is evaluated.

export function btoa(data: string): string {
  requireArguments(arguments.length, 1, 'btoa');
  const binary = `${data}`;
  if (matches(ABOVE_LATIN1, binary)) {
    throw new DOMException('The string contains characters above 255.', 'InvalidCharacterError');
  }
  return bytesFromBinary(binary).toBase64();
}

/** Forgiving base64 (Infra section 7): white space and missing padding are fine, which is the engine's loose mode. */
export function atob(data: string): string {
  requireArguments(arguments.length, 1, 'atob');
  try {
    return binaryFromBytes(SafeUint8Array.fromBase64(`${data}`));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new DOMException('The string is not correctly encoded in base64.', 'InvalidCharacterError');
  }
}
