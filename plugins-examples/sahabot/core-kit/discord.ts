/** What `sahabot/discord-bot` does for the plugins that depend on it. */
import type { Host, Json } from 'souk/sdk';
import { Problem } from './problem.ts';

const BOT = 'sahabot/discord-bot';

export type DiscordAnswer = { readonly [field: string]: Json };

/** @throws Problem with what the bot or Discord said */
export async function askDiscord(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body: Json,
  host: Host,
): Promise<Json> {
  const headers = { 'content-type': 'application/json' };
  const init = body === null ? { method } : { method, headers, body: JSON.stringify(body) };
  const answer = await host.plugins.call(BOT, path, init);
  const text = await answer.text();
  const said = text === '' ? null : (JSON.parse(text) as Json);
  if (answer.ok) return said;
  const { code = 'discord_refused', message = '' } = (said ?? {}) as { code?: string; message?: string };
  throw new Problem(answer.status >= 500 ? 503 : 422, code, `Discord: ${message || answer.status}`);
}

/** Path segments of ids that strangers gave. */
export function discordPath(...segments: string[]): string {
  return `/${segments.map(encodeURIComponent).join('/')}`;
}
