/**
 * The plugin around a game: an HTTP API, a command of the name of the randomizer, for terminals and for people at Discord, and
 * the contract `seed-generator@1`.
 */
import { Hono } from 'hono';
import type { Host, Plugin } from 'souk/sdk';
import { commandProvider } from '../core-kit/words.ts';
import type { Game, Settings } from './game.ts';
import { checkSettings, describeSettings, generate, WishError, type Seed, type Wish } from './generator.ts';
import { keepPreset } from './presets.ts';
import { openRace } from './race.ts';

type App = Hono<{ Bindings: Host }>;
/** Makes a seed elsewhere; null where it cannot and the randomizer's own generator shall. */
export type Elsewhere = (seed: Seed, host: Host) => Promise<{ url: string } | null>;

/** @param more adds the routes that only this randomizer has */
export function makeRandomizer<Chosen extends Settings>(
  ofGame: Game<Chosen>,
  { elsewhere, more }: { elsewhere?: Elsewhere; more?: (app: App) => void } = {},
): Plugin {
  const game = ofGame as unknown as Game;
  const make = async (wish: Wish, host: Host): Promise<Seed & { url?: string }> => {
    const seed = await generate(game, wish, host);
    return { ...seed, ...(await elsewhere?.(seed, host)) };
  };
  const app: App = new Hono();
  addRoutes(app, game, make);
  more?.(app);
  return {
    fetch: (request, host) => app.fetch(request, host),
    commands: { [game.id]: async (wish, host) => tell(game, await make(wish as Wish, host)) },
    contracts: {
      'cli-command-provider@1': commandProvider({
        name: game.id,
        title: `Make a seed of ${game.title}`,
        usage: `${game.id} [preset] [seed]`,
        run: async ({ words: [preset, seed] }, host) => {
          const wish = { ...(preset ? { preset } : {}), ...(seed ? { seed } : {}) };
          return tell(game, await make(wish, host)).text.split('\n');
        },
      }),
      'seed-generator@1': {
        describeSettings: () => ({ settings: describeSettings(game), presets: presetsOf(game) }),
        generate: async (wish, host) => {
          const { summary: _summary, ...seed } = await make(wish as Wish, host);
          return seed;
        },
      },
    },
    health: async (host) => {
      const seed = await generate(game, { seed: 'health' }, host);
      return { ok: true, message: `makes seeds such as ${seed.hash}` };
    },
  };
}

function addRoutes(app: App, game: Game, make: (wish: Wish, host: Host) => Promise<Seed>): void {
  app.onError((error, context) => {
    if (error instanceof WishError) return context.json({ code: error.code, message: error.message }, 422);
    throw error;
  });
  app.get('/settings', ({ json }) => json({ settings: describeSettings(game), presets: presetsOf(game) }));
  app.post('/seeds', async (context) => context.json(await make(await context.req.json(), context.env), 201));
  app.post('/races', async (context) => {
    const wish = await context.req.json<Wish & { goal?: string }>();
    const seed = await make(wish, context.env);
    const race = await openRace(game.title, wish.goal ?? 'Beat the game', seed, context.env);
    return context.json({ seed, race }, 201);
  });
  app.put('/presets/:namespace/:name', async (context) => {
    const { settings } = await context.req.json<{ settings: Settings }>();
    const preset = { ...context.req.param(), settings: checkSettings(game, settings) };
    return keepPreset(game.id, preset, context.env);
  });
}

function presetsOf({ presets }: Game): { name: string; settings: Settings }[] {
  return Object.entries(presets).map(([name, settings]) => ({ name, settings }));
}

/** As a chat shows it. */
function tell({ title }: Game, { hash, seed, summary, url }: Seed & { url?: string }): { text: string } {
  const lines = Object.entries(summary).map(([name, value]) => `${name}: ${value}`);
  return { text: [`${title} ${hash}`, ...lines, `Seed: ${seed}`, ...(url ? [url] : [])].join('\n') };
}
