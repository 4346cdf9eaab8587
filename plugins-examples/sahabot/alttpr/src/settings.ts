import * as z from 'zod/mini';

/** The settings of A Link to the Past Randomizer that change where things lie or how it is won. */
export const alttprSettings = z.strictObject({
  mode: z._default(z.enum(['open', 'standard', 'inverted']), 'open'),
  goal: z._default(z.enum(['ganon', 'fast_ganon', 'dungeons', 'pedestal', 'triforce-hunt']), 'ganon'),
  weapons: z._default(z.enum(['randomized', 'assured', 'vanilla', 'swordless']), 'randomized'),
  crystalsGanon: z._default(z.int().check(z.gte(0), z.lte(7)), 7),
  crystalsTower: z._default(z.int().check(z.gte(0), z.lte(7)), 7),
  itemPool: z._default(z.enum(['normal', 'hard', 'expert']), 'normal'),
  hints: z._default(z.boolean(), false),
});

export type AlttprSettings = z.infer<typeof alttprSettings>;

export const ALTTPR_PRESETS = {
  open: { mode: 'open', goal: 'ganon' },
  standard: { mode: 'standard', goal: 'ganon', weapons: 'assured' },
  inverted: { mode: 'inverted', goal: 'ganon' },
  casualboots: { mode: 'open', goal: 'fast_ganon', weapons: 'assured', hints: true },
  pedestal: { mode: 'open', goal: 'pedestal' },
  swordless: { mode: 'open', goal: 'fast_ganon', weapons: 'swordless' },
} as const;
