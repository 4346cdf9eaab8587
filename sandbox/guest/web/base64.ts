/** atob and btoa (HTML section 8.3) over the engine's own base64. */
import { bytesFromBinary, binaryFromBytes } from './binary.ts';
import { DOMException } from './dom-exception.ts';
import { matches } from './intrinsics.ts';
import { requireArguments } from './web-idl.ts';

const ABOVE_LATIN1 = /[^\u0000-\u00ff]/;

// ECMA-262 (base64 proposal, stage 4): captured, as a guest may replace it on the prototype.
const { fromBase64 } = Uint8Array;
const { toBase64 } = Uint8Array.prototype;

export function btoa(data: string): string {
  requireArguments(arguments.length, 1, 'btoa');
  const binary = `${data}`;
  if (matches(ABOVE_LATIN1, binary)) {
    throw new DOMException('The string contains characters above 255.', 'InvalidCharacterError');
  }
  return Reflect.apply(toBase64, bytesFromBinary(binary), []) as string;
}

/** Forgiving base64 (Infra section 7): white space and missing padding are fine, which is the engine's loose mode. */
export function atob(data: string): string {
  requireArguments(arguments.length, 1, 'atob');
  try {
    return binaryFromBytes(Reflect.apply(fromBase64, Uint8Array, [`${data}`]) as Uint8Array);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new DOMException('The string is not correctly encoded in base64.', 'InvalidCharacterError');
  }
}
