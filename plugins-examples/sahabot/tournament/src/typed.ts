/** `/tournament`, as people type it at Discord or in a terminal. */
import type { Host } from 'souk/sdk';
import { Problem } from '../../core-kit/problem.ts';
import type { Typed, TypedCommand } from '../../core-kit/words.ts';
import { listMatches, signUp } from './matches.ts';
import { CREW_ROLES, type Match } from './model.ts';

const USAGE = 'tournament [matches] · tournament crew <match> <commentator|tracker|restreamer>';
const SHOWN = 10;

export const tournamentCommand: TypedCommand = {
  name: 'tournament',
  title: 'Matches, and signing up to help',
  usage: USAGE,
  run: async (typed, host) => {
    const [what = 'matches'] = typed.words;
    switch (what) {
      case 'matches':
        return showMatches(host);
      case 'crew':
        return signUpTyped(typed, host);
      default:
        throw new Problem(422, 'words_unknown', `Type ${USAGE}.`);
    }
  },
};

async function showMatches(host: Host): Promise<string[]> {
  const open = (await listMatches(host)).filter(({ state }) => state === 'open');
  return open.length === 0 ? ['No match is planned.'] : open.slice(0, SHOWN).map(lineOf);
}

const lineOf = ({ match, title, players, scheduledAt }: Match): string =>
  `${match}: ${title} (${players.join(' vs ')}), ${scheduledAt ?? 'no time yet'}`;

async function signUpTyped({ words, discordUser }: Typed, host: Host): Promise<string[]> {
  const [, id = '', wanted] = words;
  const role = CREW_ROLES.find((each) => each === wanted);
  if (!role) throw new Problem(422, 'words_unknown', `Type ${USAGE}.`);
  if (discordUser === null)
    throw new Problem(403, 'person_needed', 'Sign up at Discord, or with a token of yours.');
  const { title } = await signUp(id, `discord:${discordUser}`, role, host);
  return [`You asked to be ${role} of ${title}.`];
}
