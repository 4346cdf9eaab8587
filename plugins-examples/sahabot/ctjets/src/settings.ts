import * as z from 'zod/mini';

export const settings = z.strictObject({
  mode: z._default(z.enum(['standard', 'lost-worlds', 'ice-age', 'legacy-of-cyrus']), 'standard'),
  difficulty: z._default(z.enum(['easy', 'normal', 'hard']), 'normal'),
  characters: z._default(z.enum(['vanilla', 'shuffled']), 'shuffled'),
  bossRandomization: z._default(z.boolean(), true),
  fastMagic: z._default(z.boolean(), true),
  bucketFragments: z._default(z.int().check(z.gte(0), z.lte(5)), 0),
});
export type CtSettings = z.infer<typeof settings>;
