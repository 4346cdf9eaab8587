/** Requests to Discord's REST API, version 10, and its errors in the words of the contract. */
import type { Host, Json } from 'souk/sdk';
import {
  fromHostCall,
  groupNotFound,
  memberNotFound,
  refused,
  unavailable,
  type PlatformError,
} from '../../platform-kit/errors.ts';
import { openPatience, type Patience } from '../../platform-kit/patience.ts';
import { openRateLimits, routeOf } from './rate-limits.ts';

/** What one call of an action works with. */
export type Discord = {
  readonly guild: string;
  readonly category: string;
  readonly log: Host['log'];
  get<Answer>(path: string): Promise<Answer>;
  post<Answer>(path: string, body: Json): Promise<Answer>;
  put(path: string): Promise<void>;
  delete(path: string): Promise<void>;
};

type Sent = { readonly method: string; readonly path: string; readonly body?: Json };

/** Kept while the plugin is loaded, so that a pause holds for the calls that follow. */
const limits = openRateLimits();
const REDIRECTED_OR_WORSE = 300;

export function openDiscord({ config, log, org, plugin }: Host): Discord {
  const { apiUrl, guild, category } = config as { apiUrl: string; guild: string; category: string };
  const patience = openPatience();
  const headers = {
    authorization: 'Bot {{secret:botToken}}',
    'content-type': 'application/json',
    // "User Agent": requests without this form may be blocked.
    'user-agent': `DiscordBot (https://souk.dev/plugins/${plugin.id}, ${plugin.version})`,
    'x-audit-log-reason': encodeURIComponent(`Souk, organization ${org.slug}`),
  };
  const send = (sent: Sent): Promise<Json> =>
    sendPatiently(`${apiUrl.replace(/\/+$/u, '')}${sent.path}`, sent, headers, patience);
  return {
    guild,
    category,
    log,
    get: async <Answer>(path: string) => (await send({ method: 'GET', path })) as Answer,
    post: async <Answer>(path: string, body: Json) => (await send({ method: 'POST', path, body })) as Answer,
    put: async (path) => void (await send({ method: 'PUT', path })),
    delete: async (path) => void (await send({ method: 'DELETE', path })),
  };
}

/** A request that was refused for now has not been carried out, so it is sent again when Discord takes it. */
async function sendPatiently(
  address: string,
  { method, path, body }: Sent,
  headers: Record<string, string>,
  patience: Patience,
): Promise<Json> {
  const route = routeOf(method, path);
  for (;;) {
    await patience.wait(limits.waitMsFor(route), 'Discord');
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await request(address, { ...init, signal: AbortSignal.timeout(patience.leftMs()) });
    const read = await readBody(answer);
    const waitMs = limits.learn(route, answer, read);
    if (waitMs === 0) return requireDone(answer.status, read);
  }
}

async function request(address: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch (error) {
    throw fromHostCall('Discord', error);
  }
}

async function readBody(answer: Response): Promise<Json> {
  const text = await answer.text();
  try {
    return text === '' ? null : (JSON.parse(text) as Json);
  } catch {
    return null;
  }
}

function requireDone(status: number, body: Json): Json {
  if (status < REDIRECTED_OR_WORSE) return body;
  const { code, message } = { ...(body as { code?: number; message?: string } | null) };
  throw errorOf(status, code, message ?? `it answered ${status}`);
}

/** "JSON Error Codes"; what is not told apart here is a refusal with Discord's own words. */
function errorOf(status: number, code: number | undefined, message: string): PlatformError {
  if (status >= 500) return unavailable(`Discord is not available now: ${message}.`);
  switch (code) {
    case 10_003:
      return groupNotFound('Discord has no such channel.');
    case 10_007:
    case 10_013:
      return memberNotFound('The person is not on the Discord server.');
    case 10_004:
    case 50_001:
      return refused(`Discord: ${message}. Is the bot on the server, and does it see the category?`);
    case 50_013:
      return refused(
        `Discord: ${message}. The bot needs Manage Roles and Manage Channels, above the roles it gives.`,
      );
    default:
      return refused(
        status === 401 ? 'Discord does not take the bot token.' : `Discord: ${message.slice(0, 300)}`,
      );
  }
}
