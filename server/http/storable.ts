/**
 * Text of an address that PostgreSQL takes. A path or a query can spell U+0000 as `%00`, which PostgreSQL has in no
 * text (its documentation, section 8.3), and which would end a statement half way. JSON bodies are read strictly and
 * hold none.
 */
import { Refusal } from '../../spec/refusal.ts';

/**
 * @param at where they stand, for the pointer
 * @throws Refusal `request_invalid`
 */
export function requireStorable(
  values: Readonly<Record<string, string | readonly string[]>>,
  at: '/path' | '/query',
): void {
  const [name] = Object.entries(values).find((entry) => entry.flat().some(hasNul)) ?? [];
  if (name === undefined) return;
  const pointer = hasNul(name) ? at : `${at}/${name.slice(0, 80)}`;
  throw new Refusal('request_invalid', {
    detail: `${pointer} has the character U+0000.`,
    violations: [{ pointer, message: 'has the character U+0000' }],
  });
}

function hasNul(text: string): boolean {
  return text.includes('\0');
}
