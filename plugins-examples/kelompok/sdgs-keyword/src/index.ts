/** Tells which of the 17 Sustainable Development Goals a profile is about, by its own public words. */
import type { Host, Json, Plugin } from 'souk/sdk';
import { detectGoals } from './detecting.ts';
import { publicText, type Data } from './profile.ts';
import { tagRecords, wordsMinOf } from './tagging.ts';

type EnrichInput = { readonly record: { readonly type: string; readonly data: Data } };
type TagArguments = { readonly type?: string; readonly dryRun?: boolean };

function enrich(input: Json, host: Host): { proposals: object[] } {
  const { record } = input as unknown as EnrichInput;
  const text = publicText(record.type, record.data);
  if (text === null)
    throw Object.assign(new Error(`${record.type} has no public profile`), { code: 'record_type_unknown' });
  const proposals = detectGoals(text, wordsMinOf(host)).map(({ tag, words, confidence }) => ({
    field: 'tags',
    value: tag,
    evidence: words.join(', ').slice(0, 1_000),
    confidence,
  }));
  return { proposals };
}

export default {
  contracts: { 'profile-enricher@1': { enrich } },
  commands: {
    'tag-records': async (args, host) => {
      const { type = 'organization', dryRun = false } = args as TagArguments;
      return tagRecords({ type, dryRun }, host);
    },
  },
  health: (host) => {
    const [found] = detectGoals('clean water', 1);
    return { ok: found?.goal === 6, message: `looks for ${wordsMinOf(host)} word(s) of a goal` };
  },
} satisfies Plugin;
