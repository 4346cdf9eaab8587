/** Roles at Discord for who has raced enough at racetime.gg. */
import type { Plugin } from 'souk/sdk';
import { makeApp } from '../../core-kit/app.ts';
import { revoke, verifications, verified, verify, type Claim, type Verification } from './verification.ts';

const app = makeApp();

app.get('/verifications', async ({ env, json }) => json({ verifications: await verifications.list(env) }));

app.put('/verifications/:verification', async ({ env, req, json }) => {
  const verification = { ...(await req.json<Verification>()), verification: req.param('verification') };
  const saved = await verifications.save(verification.verification, verification, env);
  return json(verification, saved === 'created' ? 201 : 200);
});

app.delete('/verifications/:verification', async (context) => {
  await verifications.remove(context.req.param('verification'), context.env);
  return context.body(null, 204);
});

app.get('/verifications/:verification/racers', async ({ env, req, json }) =>
  json({ racers: await verified.list(env, `${req.param('verification')}:`) }),
);

app.post('/verifications/:verification/racers', async ({ env, req, json }) =>
  json(await verify(req.param('verification'), await req.json<Claim>(), env), 201),
);

app.delete('/verifications/:verification/racers/:racer', async (context) => {
  await revoke(context.req.param('verification'), context.req.param('racer'), context.env);
  return context.body(null, 204);
});

export default { fetch: (request, host) => app.fetch(request, host) } satisfies Plugin;
