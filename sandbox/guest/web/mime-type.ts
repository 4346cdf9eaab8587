/** MIME types (MIME Sniffing section 4.4), as far as bodies need them. */
import {
  exec,
  mapGet,
  mapHas,
  mapSet,
  matches,
  SafeMap,
  stringIndexOf,
  stringSlice,
  stringToLowerCase,
  stringTrim,
} from './intrinsics.ts';

export type MimeType = { readonly essence: string; readonly parameters: ReadonlyMap<string, string> };

const ESSENCE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const PARAMETER = /^[\t\n\r ]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:"((?:[^"\\]|\\[^])*)"?[^;]*|([^;]*))(?:;|$)/;

/** @returns null when the value is no MIME type */
export function parseMimeType(value: string): MimeType | null {
  const cut = stringIndexOf(value, ';');
  const essence = stringToLowerCase(stringTrim(cut < 0 ? value : stringSlice(value, 0, cut)));
  if (!matches(ESSENCE, essence)) return null;
  return { essence, parameters: parseParameters(cut < 0 ? '' : stringSlice(value, cut + 1)) };
}

/** @param text `name=value; name="quoted \" value"` */
export function parseParameters(text: string): ReadonlyMap<string, string> {
  const parameters = new SafeMap<string, string>();
  let rest = text;
  while (rest !== '') {
    const found = exec(PARAMETER, rest);
    if (found === null) {
      const next = stringIndexOf(rest, ';');
      if (next < 0) break;
      rest = stringSlice(rest, next + 1);
      continue;
    }
    const name = stringToLowerCase(found[1] ?? '');
    const value = found[2] === undefined ? stringTrim(found[3] ?? '') : unescapeQuoted(found[2]);
    if (!mapHas(parameters, name)) mapSet(parameters, name, value);
    rest = stringSlice(rest, found[0].length);
  }
  return parameters;
}

function unescapeQuoted(text: string): string {
  let plain = '';
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === '\\' && index + 1 < text.length) index += 1;
    plain += text[index] ?? '';
  }
  return plain;
}

export const parameter = (type: MimeType, name: string): string | undefined => mapGet(type.parameters, name);
