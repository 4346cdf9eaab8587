/** Mystery: settings drawn by weights, which the players learn only when they have played. */
import * as z from 'zod/mini';
import { WishError } from '../../randomizer-kit/generator.ts';
import type { Random } from '../../randomizer-kit/random.ts';

const weight = z.int().check(z.gte(0), z.lte(1_000));
/** `{ "goal": { "ganon": 3, "pedestal": 1 } }`: the pedestal one time in four. */
const weightsSchema = z.record(
  z.string(),
  z.record(z.string(), weight).check(z.refine((values) => Object.keys(values).length <= 20)),
);

export function drawSettings(asked: unknown, random: Random): Record<string, unknown> {
  const { success, data } = z.safeParse(weightsSchema, asked);
  if (!success)
    throw new WishError('settings_invalid', 'weights are whole numbers from 0 to 1000 for each value');
  const drawn = Object.entries(data)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([setting, weights]) => [setting, valueOf(drawOne(setting, weights, random))]);
  return Object.fromEntries(drawn) as Record<string, unknown>;
}

function drawOne(setting: string, weights: Readonly<Record<string, number>>, random: Random): string {
  const entries = Object.entries(weights).sort(([a], [b]) => (a < b ? -1 : 1));
  const total = entries.reduce((sum, [, each]) => sum + each, 0);
  if (total === 0) throw new WishError('settings_invalid', `${setting}: every weight is 0`);
  let at = random.below(total);
  for (const [value, each] of entries) {
    if (at < each) return value;
    at -= each;
  }
  throw new Error('a number beyond the total was drawn');
}

/** Numbers and truths are names of members here. */
function valueOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d{1,3}$/u.test(text) ? Number(text) : text;
}
