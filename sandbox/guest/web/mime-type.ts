/** MIME types (MIME Sniffing sections 4.4 and 4.5), and how a header gives one (Fetch section 2.2.2). */
import {
  arrayPush,
  mapGet,
  mapHas,
  mapSet,
  matches,
  replaceText,
  SafeMap,
  stringIndexOf,
  stringSlice,
  stringToLowerCase,
} from './intrinsics.ts';

export type MimeType = { readonly essence: string; readonly parameters: Map<string, string> };

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const ESSENCE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** MIME Sniffing section 3, "HTTP quoted-string token code point". */
const QUOTABLE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

/** @returns null when the value is no MIME type */
export function parseMimeType(value: string): MimeType | null {
  const cut = endOf(value, ';', 0);
  const essence = stringToLowerCase(trimmed(stringSlice(value, 0, cut)));
  if (!matches(ESSENCE, essence)) return null;
  const parameters = new SafeMap<string, string>();
  for (const [name, text] of parseParameters(stringSlice(value, cut + 1)))
    if (matches(TOKEN, name) && matches(QUOTABLE, text)) mapSet(parameters, name, text);
  return { essence, parameters };
}

/** The essence, and every parameter, quoted where it must be. */
export function serializeMimeType({ essence, parameters }: MimeType): string {
  let text = essence;
  for (const [name, value] of parameters) {
    const isToken = matches(TOKEN, value);
    text += `;${name}=${isToken ? value : `"${replaceText(replaceText(value, '\\', '\\\\'), '"', '\\"')}"`}`;
  }
  return text;
}

/** Fetch section 2.2.2, "extract a MIME type": of several the last, which inherits the charset of its own kind. */
export function extractMimeType(header: string): MimeType | null {
  let found: MimeType | null = null;
  let charset: string | undefined;
  for (const value of splitValues(header)) {
    const type = parseMimeType(value);
    if (type === null || type.essence === '*/*') continue;
    const isAnother = type.essence !== found?.essence;
    if (isAnother) charset = parameter(type, 'charset');
    else if (charset !== undefined && !mapHas(type.parameters, 'charset'))
      mapSet(type.parameters, 'charset', charset);
    found = type;
  }
  return found;
}

/** Fetch section 2.2.2, "get, decode, and split": at the commas outside of quotes. */
function splitValues(header: string): string[] {
  const values: string[] = [];
  let start = 0;
  for (let at = 0; at < header.length; at += 1) {
    if (header[at] === '"') at = readQuoted(header, at).end - 1;
    else if (header[at] === ',') {
      arrayPush(values, stringSlice(header, start, at));
      start = at + 1;
    }
  }
  arrayPush(values, stringSlice(header, start));
  return values;
}

/** @param text `name=value; name="quoted \" value"`; of a name that repeats the first counts */
export function parseParameters(text: string): ReadonlyMap<string, string> {
  const parameters = new SafeMap<string, string>();
  let at = 0;
  while (at < text.length) {
    while (isSpace(text[at])) at += 1;
    const end = endOf(text, ';', at);
    const equals = endOf(text, '=', at);
    if (equals >= end) {
      at = end + 1;
      continue;
    }
    const name = stringToLowerCase(stringSlice(text, at, equals));
    const value = readValue(text, equals + 1);
    if (value.text !== undefined && !mapHas(parameters, name)) mapSet(parameters, name, value.text);
    at = value.end + 1;
  }
  return parameters;
}

/** Up to the semicolon behind it. A value that is empty without quotes is none. */
function readValue(text: string, at: number): { text: string | undefined; end: number } {
  if (text[at] === '"') {
    const quoted = readQuoted(text, at);
    return { text: quoted.text, end: endOf(text, ';', quoted.end) };
  }
  const end = endOf(text, ';', at);
  let last = end;
  while (last > at && isSpace(text[last - 1])) last -= 1;
  return { text: last === at ? undefined : stringSlice(text, at, last), end };
}

/** Fetch section 2.2.2, "collect an HTTP quoted string": without its quotes and escapes; unfinished, to the end. */
function readQuoted(text: string, start: number): { text: string; end: number } {
  let plain = '';
  let at = start + 1;
  for (; at < text.length && text[at] !== '"'; at += 1) {
    if (text[at] === '\\' && at + 1 < text.length) at += 1;
    plain += text[at] ?? '';
  }
  return { text: plain, end: at + 1 };
}

function endOf(text: string, mark: string, from: number): number {
  const found = stringIndexOf(text, mark, from);
  return found < 0 ? text.length : found;
}

/** Fetch section 2.2: HTTP whitespace, which is less than a program's. */
const isSpace = (character: string | undefined): boolean =>
  character === ' ' || character === '\t' || character === '\n' || character === '\r';

function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text[start])) start += 1;
  while (end > start && isSpace(text[end - 1])) end -= 1;
  return stringSlice(text, start, end);
}

export const parameter = (type: MimeType, name: string): string | undefined => mapGet(type.parameters, name);
