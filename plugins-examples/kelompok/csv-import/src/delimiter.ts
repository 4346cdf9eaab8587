/** Which sign stands between the cells of a file. */
import { DELIMITERS, type Delimiter } from '../../import-kit/settings.ts';

/** More than a header ever has. */
const HEAD_CHARS_MAX = 64 * 1024;

/**
 * The text again, with its delimiter, which the first line tells: the one that stands in it most often outside of
 * quotes. A file of one column has none, and is read with commas.
 */
export async function withDelimiter(
  text: AsyncIterable<string>,
  choice: Delimiter,
): Promise<{ readonly delimiter: string; readonly text: AsyncIterable<string> }> {
  if (choice !== 'auto') return { delimiter: DELIMITERS[choice], text };
  const pieces = text[Symbol.asyncIterator]();
  let head = '';
  let next = await pieces.next();
  while (
    !next.done &&
    head.length + next.value.length < HEAD_CHARS_MAX &&
    firstLine(head + next.value) === null
  ) {
    head += next.value;
    next = await pieces.next();
  }
  const seen = next.done ? head : head + next.value;
  return { delimiter: mostFrequent(firstLine(seen) ?? seen), text: after(seen, pieces) };
}

async function* after(head: string, rest: AsyncIterator<string>): AsyncGenerator<string> {
  yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

/** What stands outside of quotes before the first line break that is not blank before it; null where none is seen. */
function firstLine(text: string): string | null {
  let plain = '';
  let quoted = false;
  for (const sign of text) {
    if (sign === '"') quoted = !quoted;
    else if (!quoted && (sign === '\n' || sign === '\r')) {
      if (plain.trim() !== '') return plain;
    } else if (!quoted) plain += sign;
  }
  return null;
}

function mostFrequent(line: string): string {
  const counts = Object.values(DELIMITERS).map((sign) => ({ sign, count: line.split(sign).length }));
  return counts.reduce((best, each) => (each.count > best.count ? each : best)).sign;
}
