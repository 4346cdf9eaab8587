import { Hono, type Context } from 'hono';
import type { Host } from 'souk/sdk';

/** The second argument of a plugin's `fetch`, which Hono hands to its handlers as `env`. */
type App = { Bindings: Host };

const app = new Hono<App>();

app.get('/pages/:page', async (context) => {
  const visits = (await context.env.kv.get<number>(keyOf(context))) ?? 0;
  return context.json({ page: context.req.param('page'), visits });
});

app.post('/pages/:page/visits', async (context) => {
  const { visitor } = await context.req.json<{ visitor: string }>();
  const visits = await countVisit(context);
  const answer = await context.env.plugins.call(
    'examples/hello-world',
    `/hello/${encodeURIComponent(visitor)}`,
  );
  const { text } = (await answer.json()) as { text: string };
  return context.json({ page: context.req.param('page'), visits, greeting: text }, 201);
});

app.delete('/pages/:page', async (context) => {
  await context.env.kv.delete(keyOf(context));
  return context.body(null, 204);
});

function keyOf(context: Context<App, '/pages/:page'>): string {
  return `visits/${context.req.param('page')}`;
}

/** Two visits at the same moment must count as two: the write succeeds only on the version that was read. */
async function countVisit(context: Context<App, '/pages/:page/visits'>): Promise<number> {
  const { kv } = context.env;
  const key = `visits/${context.req.param('page')}`;
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const before = await kv.getEntry<number>(key);
    const visits = (before?.value ?? 0) + 1;
    const { stored } = await kv.compareAndSet(key, before?.version ?? 0, visits);
    if (stored) return visits;
  }
  throw new Error('the count changed too often while this visit was counted');
}

export default app;
