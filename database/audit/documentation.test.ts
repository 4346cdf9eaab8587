import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { entryHash, HASH_BEFORE_FIRST } from './chain.ts';

const page = readFileSync(new URL('../../docs/formats/audit.md', import.meta.url), 'utf8');

function example(name: string): string {
  return new RegExp(`\`\`\`\\w+ example=${name}\\n([^]*?)\`\`\``, 'u').exec(page)?.[1] ?? '';
}

test('docs/formats/audit.md: the example has the hash that the text and the code give it', () => {
  const fields = JSON.parse(example('first-entry')) as string[];
  const expected = example('first-hash').trim();
  expect(hash('sha256', JSON.stringify(fields), 'hex')).toBe(expected);
  const [, chain = '', , , id = '', occurredAt = '', actor = '', action = '', subject = '', detail = ''] =
    fields;
  const entry = { id, chain, occurredAt: new Date(occurredAt), actor, action, subject, detail };
  expect(entryHash(entry, 1, HASH_BEFORE_FIRST).toString('hex')).toBe(expected);
});
