import type { ErrorCode } from '../spec/error-codes.ts';
import { Refusal } from '../spec/refusal.ts';
import { parseStrictJson } from '../spec/strict-json.ts';
import type { Field } from './fields.ts';
import { quote } from './quote.ts';

/** Deepest nesting of a document of this house; the deepest, a trust file with envelopes, needs 7. */
const DEPTH_MAX = 12;

/**
 * Parses a document as strict JSON, which means one thing to every reader.
 * @param bytes the document; the caller has bounded its length
 * @param code the code of every refusal about its form
 * @returns the top of the document
 * @throws Refusal with `code`
 */
export function parseDocument(bytes: Uint8Array, code: ErrorCode): Field {
  const json = parseStrictJson(bytes, DEPTH_MAX);
  if (json.kind === 'value') return { value: json.value, pointer: '', code };
  const [first] = json.faults;
  const place = first?.pointer ? `At ${quote(first.pointer)}: ` : '';
  throw new Refusal(code, {
    detail: `${place}the document ${first?.message}.`,
    violations: json.faults,
  });
}

/** The bytes of a document that this house writes: UTF-8, no white space, members in the order given. */
export function writeDocument(value: object): Uint8Array {
  return new Uint8Array(Buffer.from(JSON.stringify(value), 'utf8'));
}
