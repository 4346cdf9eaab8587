/** Bingo cards at bingosync.com. */
import type { Plugin } from 'souk/sdk';
import { makeApp } from '../../core-kit/app.ts';
import { commandProvider } from '../../core-kit/words.ts';
import { readBoard, siteOf } from './form.ts';
import { openRoom, rooms, type Wish } from './rooms.ts';

const app = makeApp();

app.get('/games', ({ env, json }) => json({ games: Object.keys(env.config['games'] ?? {}) }));
app.get('/rooms', async ({ env, json }) => json({ rooms: await rooms.list(env) }));
app.post('/rooms', async ({ env, req, json }) => json(await openRoom(await req.json<Wish>(), env), 201));

app.get('/rooms/:room/board', async ({ env, req, json }) => {
  const { room } = await rooms.need(req.param('room'), env);
  return json({ room, squares: await readBoard(room, env) });
});

export default {
  fetch: (request, host) => app.fetch(request, host),
  contracts: {
    'cli-command-provider@1': commandProvider({
      name: 'bingo',
      title: 'Open a room with a bingo card',
      usage: 'bingo <game> [seed]',
      run: async ({ words: [game = '', seed] }, host) => {
        const wish = {
          name: `${game} bingo`,
          game,
          ...(seed && /^\d{1,6}$/u.test(seed) ? { seed: Number(seed) } : {}),
        };
        const { url, passphrase } = await openRoom(wish, host);
        return [url, `Passphrase: ${passphrase}`];
      },
    }),
  },
  health: (host) => ({ ok: true, message: `opens rooms at ${new URL(siteOf(host)).host}` }),
} satisfies Plugin;
