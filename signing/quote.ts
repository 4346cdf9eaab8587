/** Longest part of a stranger's text that a refusal repeats, in UTF-16 units. */
const QUOTED_CHARS_MAX = 80;

/**
 * A stranger's value as it may stand in a sentence: quoted, cut, and with everything but printable ASCII escaped,
 * so that it can neither steer a terminal nor hide in a log.
 */
export function quote(value: unknown): string {
  if (typeof value !== 'string') return describe(value);
  const cut = value.length > QUOTED_CHARS_MAX ? `${value.slice(0, QUOTED_CHARS_MAX)}…` : value;
  const escaped = JSON.stringify(cut).replace(
    /[^\u0020-\u007e…]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return escaped;
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  return String(value);
}
