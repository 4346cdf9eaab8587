/** Race rooms at racetime.gg. */
import type { Json, Plugin } from 'souk/sdk';
import { makeApp } from '../../core-kit/app.ts';
import { isDenied, messageOf, Problem } from '../../core-kit/problem.ts';
import { apiUrlOf, read } from './client.ts';
import { DEFAULTS, profiles, requireCategory, type Profile } from './profiles.ts';
import { readRace } from './race.ts';
import { countRaces } from './racers.ts';
import { closeRoom, listRooms, openRoom, watchRooms, type RoomWish } from './rooms.ts';

const app = makeApp();

app.get('/profiles', async ({ env, json }) => json({ profiles: await profiles.list(env) }));

app.put('/profiles/:profile', async ({ env, req, json }) => {
  const wish = await req.json<Pick<Profile, 'category' | 'goal'> & Partial<Profile>>();
  const profile = {
    ...DEFAULTS,
    ...wish,
    profile: req.param('profile'),
    category: requireCategory(wish.category, env),
  };
  return json(profile, (await profiles.save(profile.profile, profile, env)) === 'created' ? 201 : 200);
});

app.delete('/profiles/:profile', async (context) => {
  await profiles.remove(context.req.param('profile'), context.env);
  return context.body(null, 204);
});

app.get('/rooms', async ({ env, json }) => json({ rooms: await listRooms(env) }));
app.post('/rooms', async ({ env, req, json }) => json(await openRoom(await req.json<RoomWish>(), env), 201));
app.post('/rooms/watch', async ({ env, json }) => json(await watchRooms(env)));

app.get('/races/:category/:race', async ({ env, req, json }) =>
  json(await readRace(`${req.param('category')}/${req.param('race')}`, env)),
);

app.delete('/races/:category/:race', async ({ env, req, json }) =>
  json({ closed: await closeRoom(`${req.param('category')}/${req.param('race')}`, env) }),
);

app.get('/racers/:racer/races/:category', async ({ env, req, json }) => {
  const [racer, category] = [req.param('racer'), req.param('category')];
  const enough = Math.min(Number(req.query('enough')) || 500, 500);
  return json({ racer, category, races: await countRaces(racer, category, enough, env) });
});

/** The errors of `race-room@1` for those that the platform and the organization's grants give. */
async function asContract<Answer>(act: () => Promise<Answer>): Promise<Answer> {
  try {
    return await act();
  } catch (error) {
    if (isDenied(error)) throw new Problem(403, 'platform_refused', messageOf(error));
    if (error instanceof Problem && error.code === 'not_found')
      throw new Problem(404, 'room_not_found', error.message);
    throw error;
  }
}

const roomOf = (input: Json): string => (input as { room: string }).room;

export default {
  fetch: (request, host) => app.fetch(request, host),
  contracts: {
    'race-room@1': {
      openRoom: (input, host) =>
        asContract(async () => {
          const { room, url } = await openRoom(input as RoomWish, host);
          return { room, url };
        }),
      readRoom: (input, host) => asContract(() => readRace(roomOf(input), host)),
      closeRoom: (input, host) => asContract(async () => ({ closed: await closeRoom(roomOf(input), host) })),
    },
  },
  schedules: { 'watch-rooms': (_tick, host) => watchRooms(host) },
  health: async (host) => {
    await read('/races/data', host);
    const isBot = (await host.secrets.get('clientId')) !== null;
    return {
      ok: true,
      message: `${new URL(apiUrlOf(host)).host} answers${isBot ? '' : '; rooms need a bot'}`,
    };
  },
} satisfies Plugin;
