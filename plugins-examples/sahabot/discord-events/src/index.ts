/** Matches as scheduled events of a Discord server. */
import type { Plugin } from 'souk/sdk';
import { makeApp } from '../../core-kit/app.ts';
import { cleanUp, onFinished, onScheduled } from './events.ts';
import { links } from './link.ts';

const app = makeApp();

app.get('/links', async ({ env, json }) => json({ links: await links.list(env) }));
app.post('/clean-up', async ({ env, json }) => json(await cleanUp(env)));

export default {
  fetch: (request, host) => app.fetch(request, host),
  events: { 'match.scheduled': onScheduled, 'match.finished': onFinished },
  schedules: { 'clean-up': (_tick, host) => cleanUp(host) },
} satisfies Plugin;
