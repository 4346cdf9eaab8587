import * as z from 'zod/mini';

export const smz3Settings = z.strictObject({
  smLogic: z._default(z.enum(['normal', 'hard']), 'normal'),
  goal: z._default(
    z.enum(['defeatBoth', 'fastGanonDefeatMotherBrain', 'allDungeonsDefeatMotherBrain']),
    'defeatBoth',
  ),
  swordLocation: z._default(z.enum(['randomized', 'early', 'uncle']), 'randomized'),
  morphLocation: z._default(z.enum(['randomized', 'early', 'original']), 'randomized'),
  keyShuffle: z._default(z.enum(['none', 'keysanity']), 'none'),
  openTower: z._default(z.int().check(z.gte(0), z.lte(7)), 7),
  ganonVulnerable: z._default(z.int().check(z.gte(0), z.lte(7)), 7),
});

export type Smz3Settings = z.infer<typeof smz3Settings>;

export const SMZ3_PRESETS = {
  normal: { smLogic: 'normal' },
  hard: { smLogic: 'hard' },
  fast: {
    smLogic: 'normal',
    goal: 'fastGanonDefeatMotherBrain',
    swordLocation: 'uncle',
    morphLocation: 'original',
  },
  keysanity: { smLogic: 'normal', keyShuffle: 'keysanity' },
} as const;
