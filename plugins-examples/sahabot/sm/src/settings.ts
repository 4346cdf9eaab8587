import * as z from 'zod/mini';

/** What VARIA and DASH have in common, and what only one of them knows. */
export const smSettings = z.strictObject({
  randomizer: z._default(z.enum(['varia', 'dash']), 'varia'),
  skills: z._default(z.enum(['casual', 'regular', 'veteran', 'expert']), 'regular'),
  split: z._default(z.enum(['Full', 'Major', 'Chozo']), 'Full'),
  startLocation: z._default(z.enum(['Landing Site', 'Ceres', 'Gauntlet Top']), 'Landing Site'),
  morphPlacement: z._default(z.enum(['early', 'normal']), 'early'),
  bosses: z._default(z.enum(['vanilla', 'shuffled']), 'vanilla'),
});

export type SmSettings = z.infer<typeof smSettings>;

export const SM_PRESETS = {
  varia: { randomizer: 'varia' },
  dash: { randomizer: 'dash', split: 'Major' },
  season_races: { randomizer: 'varia', skills: 'veteran', split: 'Full' },
  chozo: { randomizer: 'varia', split: 'Chozo', skills: 'veteran' },
  newbie: { randomizer: 'varia', skills: 'casual' },
} as const;
