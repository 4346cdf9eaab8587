/** Tells people what happens, by Discord and by mail. */
import type { Plugin } from 'souk/sdk';
import { makeApp } from '../../core-kit/app.ts';
import { requirePerson } from '../../core-kit/people.ts';
import { deliver, readLog } from './delivery.ts';
import { subscribe, subscriptionsOf, unsubscribe, type Subscription } from './subscriptions.ts';

const PATTERNS = ['tournament.*', 'match.*', 'race.*', 'qualifier.*', 'episode.*'];

const app = makeApp();

app.get('/subscriptions', async ({ env, json }) =>
  json({ subscriptions: await subscriptionsOf(requirePerson(env.caller), env) }),
);

app.post('/subscriptions', async ({ env, req, json }) => {
  const wish = await req.json<Pick<Subscription, 'event' | 'channel' | 'address'>>();
  return json(await subscribe({ ...wish, user: requirePerson(env.caller) }, env), 201);
});

app.delete('/subscriptions/:subscription', async (context) => {
  await unsubscribe(context.req.param('subscription'), requirePerson(context.env.caller), context.env);
  return context.body(null, 204);
});

app.get('/log', async ({ env, json }) => json({ log: await readLog(env) }));

export default {
  fetch: (request, host) => app.fetch(request, host),
  events: Object.fromEntries(PATTERNS.map((pattern) => [pattern, deliver])),
} satisfies Plugin;
