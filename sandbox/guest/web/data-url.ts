/** What a `data:` URL holds (Fetch section 6): answered here, as nothing leaves the isolate. */
import { atob } from './base64.ts';
import { exec, fromCharCode, matches, stringIndexOf, stringSlice } from './intrinsics.ts';
import { parseMimeType, serializeMimeType } from './mime-type.ts';

export type DataUrl = { readonly type: string; readonly binary: string };

const BASE64_END = /^([^]*); *base64$/i;
const HEX_PAIR = /^[0-9A-Fa-f]{2}$/;

/**
 * @param url a URL record's serialization, with its fragment
 * @throws TypeError when there is no comma, or the base64 is broken
 */
export function readDataUrl(url: string): DataUrl {
  const hash = stringIndexOf(url, '#');
  const input = stringSlice(url, 'data:'.length, hash < 0 ? url.length : hash);
  const comma = stringIndexOf(input, ',');
  if (comma < 0) throw new TypeError('fetch: a data: URL needs a comma in front of its data.');
  const given = stringSlice(input, 0, comma).trim();
  const body = percentDecode(stringSlice(input, comma + 1));
  const base64 = exec(BASE64_END, given);
  return {
    type: typeOf(base64?.[1] ?? given),
    binary: base64 === null ? body : decodeBase64(body),
  };
}

/** Fetch section 6, "data: URL processor", steps 12 to 14. */
function typeOf(given: string): string {
  const type = parseMimeType(given.startsWith(';') ? `text/plain${given}` : given);
  return type === null ? 'text/plain;charset=US-ASCII' : serializeMimeType(type);
}

function decodeBase64(body: string): string {
  try {
    return atob(body);
  } catch {
    throw new TypeError('fetch: the base64 of the data: URL is broken.');
  }
}

/** URL section 1.3; a URL's serialization is ASCII. */
function percentDecode(text: string): string {
  let binary = '';
  let from = 0;
  for (let at = stringIndexOf(text, '%'); at >= 0; at = stringIndexOf(text, '%', at + 1)) {
    const pair = stringSlice(text, at + 1, at + 3);
    if (!matches(HEX_PAIR, pair)) continue;
    binary += stringSlice(text, from, at) + fromCharCode(Number.parseInt(pair, 16));
    from = at + 3;
    at += 2;
  }
  return binary + stringSlice(text, from);
}
