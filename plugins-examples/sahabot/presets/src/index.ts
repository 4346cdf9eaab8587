/** Presets of all randomizers of an organization, in namespaces that their owners share. */
import { Hono, type Context } from 'hono';
import type { Host, Json, Plugin } from 'souk/sdk';
import {
  dropNamespace,
  findNamespace,
  listNamespaces,
  mayChange,
  maySee,
  saveNamespace,
  userOf,
  type Namespace,
} from './namespaces.ts';
import { dropPreset, findPreset, listPresets, savePreset } from './presets.ts';

type App = { Bindings: Host };
type NamespaceBody = Pick<Namespace, 'title' | 'visibility'>;

const app = new Hono<App>();

app.get('/namespaces', async ({ env, json }) => json({ namespaces: await listNamespaces(env) }));

app.put('/namespaces/:namespace', async (context) => {
  const { env, req } = context;
  const { title, visibility } = await req.json<NamespaceBody>();
  const before = await findNamespace(req.param('namespace'), env);
  if (before && !mayChange(before, env.caller)) return notYours(context);
  const rest = before ?? { namespace: req.param('namespace'), owner: userOf(env.caller), collaborators: [] };
  await saveNamespace({ ...rest, title, visibility }, env);
  return context.json({ ...rest, title, visibility }, before ? 200 : 201);
});

app.delete('/namespaces/:namespace', async (context) => {
  const { env, req } = context;
  const before = await findNamespace(req.param('namespace'), env);
  if (!before) return absent(context);
  if (!mayChange(before, env.caller)) return notYours(context);
  await dropNamespace(before.namespace, env);
  return context.body(null, 204);
});

app.on(['PUT', 'DELETE'], '/namespaces/:namespace/collaborators/:user', async (context) => {
  const { env, req } = context;
  const before = await findNamespace(req.param('namespace'), env);
  if (!before) return absent(context);
  if (!mayChange(before, env.caller)) return notYours(context);
  const others = before.collaborators.filter((user) => user !== req.param('user'));
  const collaborators = req.method === 'PUT' ? [...others, req.param('user')] : others;
  await saveNamespace({ ...before, collaborators }, env);
  return context.json({ ...before, collaborators });
});

app.get('/presets/:randomizer', async ({ env, req, json }) => {
  const { presets, next } = await listPresets(req.param('randomizer'), req.query('after'), env);
  const seen = new Set((await listNamespaces(env)).map(({ namespace }) => namespace));
  return json({ presets: presets.filter(({ namespace }) => seen.has(namespace)), next });
});

app.get('/presets/:randomizer/:namespace/:name', async (context) => {
  const { env, req } = context;
  const namespace = await findNamespace(req.param('namespace'), env);
  // What one may not see looks like what is not there.
  const preset = namespace && maySee(namespace, env.caller) ? await findPreset(req.param(), env) : null;
  return preset ? context.json(preset) : absent(context);
});

app.put('/presets/:randomizer/:namespace/:name', async (context) => {
  const { env, req } = context;
  const namespace = await findNamespace(req.param('namespace'), env);
  if (!namespace) return absent(context);
  if (!mayChange(namespace, env.caller)) return notYours(context);
  const { settings, description = '' } = await req.json<{
    settings: Record<string, Json>;
    description?: string;
  }>();
  const preset = { ...req.param(), description, settings, savedAt: new Date().toISOString() };
  const saved = await savePreset(preset, env);
  return context.json(preset, saved === 'created' ? 201 : 200);
});

app.delete('/presets/:randomizer/:namespace/:name', async (context) => {
  const { env, req } = context;
  const namespace = await findNamespace(req.param('namespace'), env);
  if (!namespace || !(await findPreset(req.param(), env))) return absent(context);
  if (!mayChange(namespace, env.caller)) return notYours(context);
  await dropPreset(req.param(), env);
  return context.body(null, 204);
});

function absent(context: Context<App>): Response {
  return context.json({ code: 'not_found', message: 'There is no such namespace or preset.' }, 404);
}

function notYours(context: Context<App>): Response {
  return context.json({ code: 'not_yours', message: 'Ask the owner of the namespace to add you.' }, 403);
}

export default {
  fetch: (request, host) => app.fetch(request, host),
  health: async (host) => {
    await host.kv.get('namespace/health');
    return { ok: true };
  },
} satisfies Plugin;
