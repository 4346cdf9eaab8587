/** Requests to the Directory API and the Groups Settings API, and their errors in the words of the contract. */
import type { Host, Json } from 'souk/sdk';
import {
  fromHostCall,
  groupNotFound,
  memberNotFound,
  refused,
  PlatformError,
  unavailable,
} from '../../platform-kit/errors.ts';
import { openPatience, type Patience } from '../../platform-kit/patience.ts';
import { accessToken } from './access.ts';

/** What one call of an action works with. */
export type Google = {
  readonly domain: string;
  readonly prefix: string;
  /** Asks the Directory API; the path begins with `/groups`. */
  directory<Answer>(method: string, path: string, body?: Json): Promise<Answer>;
  /** Asks the Groups Settings API about the group of an address. */
  settings(email: string, settings: Json): Promise<void>;
};

/** 409: what was to be made is there already. */
export class DuplicateError extends PlatformError {
  constructor() {
    super('platform_refused', 'Google has it already.');
  }
}

type Sent = { readonly method: string; readonly address: string; readonly body?: Json };
type Received = { readonly status: number; readonly retryAfterMs: number; readonly body: Json };
type GoogleError = { message?: string; errors?: { reason?: string }[] };

/** "Limits and quotas": what is refused for now is to be asked again after a time that doubles, with some chance in it. */
const BACK_OFF_MS = 250;
const QUOTA_REASONS: ReadonlySet<string> = new Set([
  'rateLimitExceeded',
  'userRateLimitExceeded',
  'quotaExceeded',
]);

export function openGoogle(host: Host): Google {
  const { domain, prefix, directoryUrl, settingsUrl } = host.config as Record<string, string>;
  const patience = openPatience();
  const send = (sent: Sent): Promise<Json> => sendPatiently(sent, host, patience);
  return {
    domain: String(domain),
    prefix: prefix ?? '',
    directory: async <Answer>(method: string, path: string, body?: Json) => {
      const address = `${baseOf(directoryUrl)}/admin/directory/v1${path}`;
      return (await send({ method, address, ...(body === undefined ? {} : { body }) })) as Answer;
    },
    settings: async (email, body) => {
      // Without `alt` this API answers in Atom.
      const address = `${baseOf(settingsUrl)}/groups/v1/groups/${encodeURIComponent(email)}?alt=json`;
      await send({ method: 'PATCH', address, body });
    },
  };
}

const baseOf = (url = ''): string => url.replace(/\/+$/u, '');

async function sendPatiently(sent: Sent, host: Host, patience: Patience): Promise<Json> {
  let renew: 'held' | 'renewed' = 'held';
  for (let attempt = 0; ; attempt++) {
    const received = await request(sent, await accessToken(host, patience, renew), patience);
    // A token can be revoked before its time; a second one that is not taken is an answer.
    if (received.status === 401 && renew === 'held') renew = 'renewed';
    else if (isForNow(received)) await patience.wait(pauseMs(received, attempt), 'Google');
    else return requireDone(received);
  }
}

async function request(
  { method, address, body }: Sent,
  token: string,
  patience: Patience,
): Promise<Received> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  try {
    const answer = await fetch(address, { ...init, signal: AbortSignal.timeout(patience.leftMs()) });
    const retryAfterMs = Number(answer.headers.get('retry-after') ?? 0) * 1_000;
    return { status: answer.status, retryAfterMs, body: parseOrNull(await answer.text()) };
  } catch (error) {
    throw fromHostCall('Google', error);
  }
}

function parseOrNull(text: string): Json {
  try {
    return text === '' ? null : (JSON.parse(text) as Json);
  } catch {
    return null;
  }
}

function errorIn(body: Json): GoogleError {
  const { error } = { ...(body as { error?: GoogleError } | null) };
  return { ...error };
}

function reasonIn(body: Json): string {
  return errorIn(body).errors?.[0]?.reason ?? '';
}

/** Quotas are refused with 403 or 429; nothing was done then. */
function isForNow({ status, body }: Received): boolean {
  return status === 429 || (status === 403 && QUOTA_REASONS.has(reasonIn(body)));
}

function pauseMs({ retryAfterMs }: Received, attempt: number): number {
  return Math.max(retryAfterMs || 0, BACK_OFF_MS * 2 ** attempt * (1 + Math.random() / 4));
}

function requireDone({ status, body }: Received): Json {
  if (status < 300) return body;
  throw errorOf(status, errorIn(body).message ?? `it answered ${status}`, reasonIn(body));
}

/** "Resource Not Found: groupKey" and "Invalid Input: memberKey" tell which of the two is meant. */
function errorOf(status: number, message: string, reason: string): PlatformError {
  if (status >= 500) return unavailable(`Google is not available now: ${message.slice(0, 300)}`);
  if (status === 409) return new DuplicateError();
  const isUnknown = reason === 'notFound' || /^Invalid Input/iu.test(message);
  if (isUnknown && /memberKey|userKey/u.test(message)) return memberNotFound('Google knows no such person.');
  if (isUnknown && /groupKey/u.test(message)) return groupNotFound('Google has no such group.');
  return refused(`Google: ${message.slice(0, 300)}`);
}
