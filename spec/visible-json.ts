/**
 * JSON as `JSON.stringify` writes it holds some characters as they are that a terminal obeys (the controls from U+007F on)
 * or that reorder or break what a person reads. They may come from a stranger: a log line, a file name, an answer.
 */
const UNSEEN = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** @returns JSON of the same value that is safe to look at */
export function visibleJson(json: string): string {
  return json.replace(UNSEEN, escapeUnits);
}

/** Each UTF-16 unit of a character: JSON has no other escapes (RFC 8259, section 7). */
function escapeUnits(character: string): string {
  let escaped = '';
  for (let at = 0; at < character.length; at++)
    escaped += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  return escaped;
}
