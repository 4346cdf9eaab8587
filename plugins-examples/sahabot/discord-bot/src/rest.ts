/**
 * Discord's HTTP API ("API Reference"): `Authorization: Bot <token>`, JSON, and 429 with `Retry-After` where too much was asked
 * ("Rate Limits"); the caller is told to come again.
 */
import type { Host, Json } from 'souk/sdk';
import { addressOf, askOutside } from '../../core-kit/outside.ts';
import { Problem } from '../../core-kit/problem.ts';
import { guildsOf, settingsOf } from './settings.ts';

export async function callDiscord(method: string, path: string, body: Json, host: Host): Promise<Json> {
  const token = await host.secrets.get('botToken');
  if (token === null) throw new Problem(503, 'token_missing', 'The secret botToken is not set.');
  const answer = await askOutside('Discord', addressOf(settingsOf(host).apiUrl, path), {
    method,
    headers: {
      authorization: `Bot ${token}`,
      'content-type': 'application/json',
      // "API Reference", "User Agent": clients that do not send one of this form are blocked.
      'user-agent': `DiscordBot (https://github.com/sahabot2, ${host.plugin.version})`,
    },
    ...(body === null ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return text === '' ? null : (JSON.parse(text) as Json);
}

/** Opens the channel of direct messages with a member of one of the organization's servers, and posts there. */
export async function sendDirectMessage(
  user: string,
  content: string,
  host: Host,
): Promise<{ message: string }> {
  await requireMember(user, host);
  const channel = (await callDiscord('POST', '/users/@me/channels', { recipient_id: user }, host)) as {
    id: string;
  };
  const message = { content: content.slice(0, CONTENT_CHARS_MAX), allowed_mentions: { parse: [] } };
  const sent = (await callDiscord('POST', `/channels/${channel.id}/messages`, message, host)) as {
    id: string;
  };
  return { message: sent.id };
}

/** "Create Message": `content` has up to 2,000 characters. */
export const CONTENT_CHARS_MAX = 2_000;

async function requireMember(user: string, host: Host): Promise<void> {
  requireSnowflake(user);
  for (const guild of guildsOf(host)) {
    try {
      await callDiscord('GET', `/guilds/${guild}/members/${user}`, null, host);
      return;
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 404) throw error;
    }
  }
  throw new Problem(422, 'user_unknown', `${user} is in no Discord server of ${host.org.slug}.`);
}

/** Ids of Discord go into paths. @throws Problem `id_invalid` */
export function requireSnowflake(id: unknown): string {
  if (typeof id === 'string' && /^\d{1,20}$/u.test(id)) return id;
  throw new Problem(422, 'id_invalid', 'Ids of Discord are numbers of up to 20 digits, as text.');
}
