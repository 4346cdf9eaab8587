/**
 * Strict JSON from a stranger: RFC 8259 with I-JSON's limits (RFC 7493), so that every reader of the document sees
 * the same value. Refused are bytes that are not UTF-8, a byte order mark, duplicate keys, the key `__proto__`, lone
 * surrogates, U+0000 (PostgreSQL cannot store it), numbers beyond a double, integers that a double rounds (RFC 7493,
 * section 2.2), and nesting beyond a bound.
 */
import { visit, printParseErrorCode } from 'jsonc-parser';
import type { JsonValue } from './json.ts';
import type { Violation } from './refusal.ts';

export type StrictJson =
  | { readonly kind: 'value'; readonly value: JsonValue }
  | { readonly kind: 'faults'; readonly faults: readonly Violation[] };

/** Enough faults to mend a document by; a hostile one could list millions. */
const FAULTS_MAX = 20;

/**
 * @param bytes the document; the caller has bounded its length
 * @param depthMax nesting of arrays and objects that is still read
 */
export function parseStrictJson(bytes: Uint8Array, depthMax: number): StrictJson {
  const text = decodeUtf8(bytes);
  if (typeof text !== 'string') return text;
  if (nestingOf(text, depthMax) > depthMax) return fault('', `nests deeper than ${depthMax} levels`);
  const faults = findFaults(text);
  if (faults.length > 0) return { kind: 'faults', faults };
  return { kind: 'value', value: JSON.parse(text) as JsonValue };
}

function decodeUtf8(bytes: Uint8Array): string | StrictJson {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return fault('', 'begins with a byte order mark');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fault('', 'is not valid UTF-8');
  }
}

function fault(pointer: string, message: string): StrictJson {
  return { kind: 'faults', faults: [{ pointer, message }] };
}

/** Counts brackets outside strings, so that the recursive parsers after it cannot overflow the stack. */
function nestingOf(text: string, depthMax: number): number {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length && depth <= depthMax; index += 1) {
    const char = text[index];
    if (inString) {
      if (char === '\\') index += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') depth -= 1;
  }
  return depth;
}

function findFaults(text: string): Violation[] {
  const faults: Violation[] = [];
  const keys: Set<string>[] = [];
  // The path is made for a fault only: documents have many keys, and few faults.
  const report = (path: () => readonly (string | number)[], message: string): void => {
    if (faults.length < FAULTS_MAX) faults.push({ pointer: toPointer(path()), message });
  };
  visit(
    text,
    {
      onObjectBegin: () => {
        keys.push(new Set());
      },
      onObjectEnd: () => {
        keys.pop();
      },
      onObjectProperty: (key, _offset, _length, _line, _column, pathSupplier) => {
        const path = () => [...pathSupplier(), key];
        if (keys.at(-1)?.has(key)) report(path, `the key ${JSON.stringify(key)} stands twice in one object`);
        keys.at(-1)?.add(key);
        if (key === '__proto__') report(path, 'the key __proto__ is not allowed');
        if (!isPlainText(key)) report(path, 'a key holds U+0000 or half a surrogate pair');
      },
      onLiteralValue: (value, offset, length, _line, _column, pathSupplier) => {
        if (typeof value === 'string' && !isPlainText(value)) {
          report(pathSupplier, 'the text holds U+0000 or half a surrogate pair');
        }
        if (typeof value === 'number' && !Number.isFinite(value))
          report(pathSupplier, 'the number is too large');
        if (typeof value === 'number' && isRounded(value, text.slice(offset, offset + length)))
          report(pathSupplier, 'the integer is beyond 2^53, where readers differ; write it as text');
      },
      onError: (code, _offset, _length, line, column) => {
        report(
          () => [],
          `is not JSON: ${printParseErrorCode(code)} at line ${line + 1}, column ${column + 1}`,
        );
      },
    },
    { disallowComments: true, allowTrailingComma: false },
  );
  return faults.length > 0 ? faults : parserFault(text);
}

/** The engine's own parser has the last word, so that a leniency of the first one cannot let anything through. */
function parserFault(text: string): Violation[] {
  try {
    JSON.parse(text);
    return [];
  } catch {
    return [{ pointer: '', message: 'is not JSON' }];
  }
}

/** Identifiers of other systems have up to 20 digits; rounded, one becomes that of something else. */
function isRounded(value: number, literal: string): boolean {
  return !Number.isSafeInteger(value) && /^-?[0-9]+$/u.test(literal);
}

function isPlainText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** RFC 6901, section 3. */
export function toPointer(path: readonly (string | number)[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
