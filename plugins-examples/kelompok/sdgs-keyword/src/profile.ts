/** What a record says of itself in public. */
import type { Json } from 'souk/sdk';

/** Text that its authors publish; nothing of addresses, numbers or people. */
const PUBLIC_FIELDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['organization', ['name', 'description', 'tags']],
  ['post', ['title', 'summary', 'body', 'tags']],
  ['event', ['title', 'description', 'tags']],
]);
const TEXT_CHARS_MAX = 100_000;
/** Tags of the plugin's own are no evidence for themselves. */
const OWN_TAG = /^SDG \d+:/u;

export type Data = Readonly<Record<string, Json>>;

/** @returns null for a type that has no public profile */
export function publicText(type: string, data: Data): string | null {
  const fields = PUBLIC_FIELDS.get(type);
  if (!fields) return null;
  const texts = fields.flatMap((field) => textsOf(Object.hasOwn(data, field) ? data[field] : undefined));
  return texts.join('\n').slice(0, TEXT_CHARS_MAX);
}

function textsOf(value: Json | undefined): string[] {
  const all: readonly (Json | undefined)[] = Array.isArray(value) ? value : [value];
  return all.filter((text): text is string => typeof text === 'string' && !OWN_TAG.test(text));
}
