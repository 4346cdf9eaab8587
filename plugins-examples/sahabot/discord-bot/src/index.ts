/** One Discord bot for all organizations: commands that people type, and what other plugins do at Discord. */
import type { Plugin } from 'souk/sdk';
import { makeApp } from '../../core-kit/app.ts';
import { listCommands, registerCommands } from './commands.ts';
import { answerInteraction } from './interactions.ts';
import { callDiscord, requireSnowflake, sendDirectMessage } from './rest.ts';
import { requireGuild, settingsOf } from './settings.ts';
import { checkSignature } from './signature.ts';

const app = makeApp();

app.post('/interactions', async ({ env, req, json }) => {
  const signed = await checkSignature(req.raw, settingsOf(env).publicKey ?? '');
  if (signed) return answerInteraction(signed, env);
  return json({ code: 'signature_invalid', message: 'The signature is not that of Discord.' }, 401);
});

app.get('/commands', async ({ env, json }) => json({ commands: await listCommands(env) }));

app.put('/guilds/:guild/commands', async ({ env, req, json }) =>
  json({ commands: await registerCommands(requireGuild(req.param('guild'), env), env) }),
);

app.post('/messages', async ({ env, req, json }) => {
  const { user, content } = await req.json<{ user: string; content: string }>();
  return json(await sendDirectMessage(user, String(content), env), 201);
});

app.on(['PUT', 'DELETE'], '/guilds/:guild/members/:user/roles/:role', async (context) => {
  const { env, req } = context;
  const [user, role] = [requireSnowflake(req.param('user')), requireSnowflake(req.param('role'))];
  await callDiscord(
    req.method,
    `/guilds/${requireGuild(req.param('guild'), env)}/members/${user}/roles/${role}`,
    null,
    env,
  );
  return context.body(null, 204);
});

const EVENTS = '/guilds/:guild/scheduled-events';
const eventsOf = (guild: string): string => `/guilds/${guild}/scheduled-events`;

app.get(EVENTS, async ({ env, req, json }) =>
  json(await callDiscord('GET', eventsOf(requireGuild(req.param('guild'), env)), null, env)),
);

app.post(EVENTS, async ({ env, req, json }) => {
  const guild = requireGuild(req.param('guild'), env);
  return json(await callDiscord('POST', eventsOf(guild), await req.json(), env), 201);
});

app.on(['GET', 'PATCH', 'DELETE'], `${EVENTS}/:event`, async (context) => {
  const { env, req } = context;
  const path = `${eventsOf(requireGuild(req.param('guild'), env))}/${requireSnowflake(req.param('event'))}`;
  const body = req.method === 'PATCH' ? await req.json() : null;
  const said = await callDiscord(req.method, path, body, env);
  return said === null ? context.body(null, 204) : context.json(said);
});

export default {
  fetch: (request, host) => app.fetch(request, host),
  health: async (host) => {
    const { username } = (await callDiscord('GET', '/users/@me', null, host)) as { username: string };
    const { publicKey } = settingsOf(host);
    if (!publicKey) return { ok: false, message: `${username} cannot check interactions: enter "publicKey"` };
    return { ok: true, message: `is ${username}` };
  },
} satisfies Plugin;
