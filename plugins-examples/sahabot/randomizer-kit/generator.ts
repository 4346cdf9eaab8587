/** From a preset or settings to a seed. */
import { safeParse, toJSONSchema, type ZodMiniType } from 'zod/mini';
import type { Host } from 'souk/sdk';
import type { Game, Settings } from './game.ts';
import { findPreset } from './presets.ts';
import { canonicalJson, randomFrom, shortHash } from './random.ts';

export type Wish = {
  /** A preset of the randomizer (`open`), or of the organization (`namespace/name`). */
  readonly preset?: string;
  /** Over those of the preset. */
  readonly settings?: Settings;
  /** The same wish with the same seed is the same game; made up where absent. */
  readonly seed?: string;
  readonly spoilers?: boolean;
};

export type Seed = {
  readonly seed: string;
  readonly settings: Settings;
  readonly hash: string;
  readonly summary: Readonly<Record<string, string>>;
  readonly spoiler?: Readonly<Record<string, unknown>>;
};

/** A wish that cannot be fulfilled; `code` is one of the errors of the contract `seed-generator@1`. */
export class WishError extends Error {
  readonly code: 'settings_invalid' | 'preset_unknown' | 'generator_unavailable';

  constructor(code: WishError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export async function generate(game: Game, wish: Wish, host: Host): Promise<Seed> {
  const settings = checkSettings(game, { ...(await presetOf(game, wish, host)), ...wish.settings });
  const seed = wish.seed ?? crypto.randomUUID();
  const origin = canonicalJson([game.id, host.plugin.version, settings, seed]);
  const { summary, spoiler } = game.make(settings, await randomFrom(origin));
  const hash = await shortHash(canonicalJson([origin, spoiler]));
  return { seed, settings, hash, summary, ...(wish.spoilers ? { spoiler } : {}) };
}

/** @throws WishError `settings_invalid`, which says what is wrong with each */
export function checkSettings(game: Game, settings: Settings): Settings {
  const { success, data, error } = safeParse(game.settings, settings);
  if (success) return data;
  const faults = error.issues.map(({ path, message }) => `${path.join('.') || 'settings'}: ${message}`);
  throw new WishError('settings_invalid', faults.slice(0, 20).join('; '));
}

/** @returns JSON Schema of the settings */
export function describeSettings({ settings }: Game): Record<string, unknown> {
  return toJSONSchema(settings as ZodMiniType, { io: 'input' }) as Record<string, unknown>;
}

async function presetOf(game: Game, { preset }: Wish, host: Host): Promise<Settings> {
  if (preset === undefined || preset === '') return {};
  const own = Object.hasOwn(game.presets, preset) ? game.presets[preset] : undefined;
  const found = own ?? (await findPreset(game.id, preset, host));
  if (found) return found;
  const names = Object.keys(game.presets).join(', ');
  throw new WishError('preset_unknown', `There is no preset ${preset}. The randomizer brings: ${names}.`);
}
