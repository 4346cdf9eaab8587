import * as z from 'zod/mini';

export const ootrSettings = z.strictObject({
  openForest: z._default(z.enum(['open', 'closed_deku', 'closed']), 'closed_deku'),
  openKakariko: z._default(z.enum(['open', 'zelda', 'closed']), 'open'),
  bridge: z._default(z.enum(['open', 'medallions', 'stones', 'tokens']), 'medallions'),
  bridgeMedallions: z._default(z.int().check(z.gte(1), z.lte(6)), 6),
  startingAge: z._default(z.enum(['child', 'adult', 'random']), 'random'),
  shuffleSongs: z._default(z.enum(['song', 'dungeon', 'any']), 'song'),
  tokensanity: z._default(z.enum(['off', 'dungeons', 'overworld', 'all']), 'off'),
  hints: z._default(z.enum(['none', 'mask', 'agony', 'always']), 'always'),
});

export type OotrSettings = z.infer<typeof ootrSettings>;

export const OOTR_PRESETS = {
  tournament: { openForest: 'closed_deku', bridge: 'medallions', startingAge: 'random' },
  weekly: { openForest: 'open', openKakariko: 'open', bridge: 'stones' },
  beginner: { openForest: 'open', bridge: 'stones', startingAge: 'child' },
  tokens: { tokensanity: 'all', bridge: 'tokens' },
} as const;
