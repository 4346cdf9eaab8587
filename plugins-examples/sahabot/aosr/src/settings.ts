import * as z from 'zod/mini';

export const aosrSettings = z.strictObject({
  logic: z._default(z.enum(['standard', 'area', 'none']), 'standard'),
  enemies: z._default(z.enum(['vanilla', 'shuffled']), 'vanilla'),
  rooms: z._default(z.enum(['vanilla', 'shuffled']), 'vanilla'),
  panther: z._default(z.enum(['first', 'anywhere', 'never']), 'anywhere'),
  goal: z._default(z.enum(['chaos', 'graham', 'julius']), 'chaos'),
});

export type AosrSettings = z.infer<typeof aosrSettings>;

export const AOSR_PRESETS = {
  normal: { logic: 'standard' },
  areatech: { logic: 'area', enemies: 'shuffled' },
  panther: { panther: 'first', rooms: 'shuffled' },
  short: { goal: 'graham' },
} as const;
