import { visit } from 'jsonc-parser';
import type { ErrorCode } from '../spec/error-codes.ts';
import type { JsonValue } from '../spec/json.ts';
import { Refusal } from '../spec/refusal.ts';
import { quote } from './quote.ts';

/** Deepest nesting of a document of ours: a statement needs 5, an array in an object counting 2. */
const DEPTH_MAX = 16;

/**
 * Parses JSON that means one thing to every reader: UTF-8 without BOM (RFC 8259, section 8.1), no member name twice
 * in one object (section 4 leaves that open, so two parsers may disagree), no lone surrogate, no nesting above 16.
 * @param bytes the document; the caller has bounded its length
 * @param code the code that a refusal carries
 * @throws Refusal with `code`
 */
export function parseStrictJson(bytes: Uint8Array, code: ErrorCode): JsonValue {
  const text = decodeUtf8(bytes, code);
  refuseAmbiguity(text, code);
  return parse(text, code);
}

function decodeUtf8(bytes: Uint8Array, code: ErrorCode): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!text.startsWith('\uFEFF')) return text;
  } catch (cause) {
    throw new Refusal(code, { detail: 'The bytes are not UTF-8.', cause });
  }
  throw new Refusal(code, { detail: 'The document begins with a byte order mark.' });
}

/** Only judges what `JSON.parse` lets pass; the grammar itself is judged by `JSON.parse`, which runs after it. */
function refuseAmbiguity(text: string, code: ErrorCode): void {
  // Invariant: one set of member names per open object, undefined per open array.
  const open: (Set<string> | undefined)[] = [];
  const enter = (names: Set<string> | undefined): void => {
    open.push(names);
    if (open.length > DEPTH_MAX)
      throw new Refusal(code, { detail: `The document is nested deeper than ${DEPTH_MAX}.` });
  };
  const leave = (): void => void open.pop();
  visit(text, {
    onObjectBegin: () => enter(new Set()),
    onArrayBegin: () => enter(undefined),
    onObjectEnd: leave,
    onArrayEnd: leave,
    onObjectProperty: (name) => {
      requireWellFormed(name, code);
      const names = open.at(-1);
      if (names?.has(name))
        throw new Refusal(code, { detail: `The member ${quote(name)} appears twice in one object.` });
      names?.add(name);
    },
    onLiteralValue: (value: unknown) => {
      if (typeof value === 'string') requireWellFormed(value, code);
    },
  });
}

function requireWellFormed(text: string, code: ErrorCode): void {
  if (!text.isWellFormed()) throw new Refusal(code, { detail: 'A text has half of a surrogate pair.' });
}

function parse(text: string, code: ErrorCode): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw new Refusal(code, { detail: 'The document is not JSON.', cause });
  }
}
