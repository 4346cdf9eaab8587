/** The schedule of SpeedGaming in the organization. */
import type { Plugin } from 'souk/sdk';
import { makeApp } from '../../core-kit/app.ts';
import { episodes, syncAll } from './sync.ts';

const app = makeApp();

app.get('/episodes', async ({ env, json }) => {
  const all = await episodes.list(env);
  return json({ episodes: all.toSorted((one, other) => (one.startsAt < other.startsAt ? -1 : 1)) });
});

app.post('/sync', async ({ env, json }) => json(await syncAll(env)));

export default {
  fetch: (request, host) => app.fetch(request, host),
  schedules: { 'sync-schedule': (_tick, host) => syncAll(host) },
} satisfies Plugin;
