/**
 * racetime.gg, as its developers' wiki describes it ("Public API endpoints", "OAuth2 applications", "Category bots"): reading needs
 * nothing; a bot gets a token for its id and secret (RFC 6749 section 4.4) and opens rooms with it.
 */
import type { Host, Json } from 'souk/sdk';
import { addressOf, askOutside } from '../../core-kit/outside.ts';
import { Problem } from '../../core-kit/problem.ts';

const PLATFORM = 'racetime.gg';
/** Tokens are taken anew this long before they end. */
const MARGIN_MS = 60_000;

type Token = { readonly clientId: string; readonly text: string; readonly endsAtMs: number };
/** One isolate serves one organization; the token may be gone with it at any time. */
let kept: Token | undefined;

export async function read(path: string, host: Host): Promise<Json> {
  const answer = await askOutside(PLATFORM, addressOf(apiUrlOf(host), path));
  return (await answer.json()) as Json;
}

/** "Starting a race": 201 with the address of the room in `Location`; 422 says which field is wrong. */
export async function startRace(
  category: string,
  fields: Record<string, string>,
  host: Host,
): Promise<string> {
  const answer = await act(`/o/${category}/startrace`, fields, host);
  const location = answer.headers.get('location') ?? '';
  const room = /\/([a-z0-9-]+\/[a-z0-9-]+)\/?$/u.exec(location)?.[1];
  if (!room) throw new Problem(503, 'platform_unavailable', `${PLATFORM} did not say where the room is.`);
  return room;
}

/** "Editing a race": the fields that are sent are changed. */
export async function editRace(room: string, fields: Record<string, string>, host: Host): Promise<void> {
  await act(`/o/${room}/edit`, fields, host);
}

async function act(path: string, fields: Record<string, string>, host: Host): Promise<Response> {
  return askOutside(PLATFORM, addressOf(apiUrlOf(host), path), {
    method: 'POST',
    redirect: 'manual',
    headers: {
      authorization: `Bearer ${await tokenOf(host)}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams(fields).toString(),
  });
}

async function tokenOf(host: Host): Promise<string> {
  const [clientId, secret] = [await host.secrets.get('clientId'), await host.secrets.get('clientSecret')];
  if (clientId === null || secret === null)
    throw new Problem(422, 'platform_refused', 'Rooms need the secrets clientId and clientSecret of a bot.');
  if (kept?.clientId === clientId && kept.endsAtMs > Date.now()) return kept.text;
  const answer = await askOutside(PLATFORM, addressOf(apiUrlOf(host), '/o/token'), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      client_id: clientId,
      client_secret: secret,
      grant_type: 'client_credentials',
    }).toString(),
  });
  const { access_token: text, expires_in: seconds } = (await answer.json()) as {
    access_token: string;
    expires_in: number;
  };
  kept = { clientId, text, endsAtMs: Date.now() + seconds * 1000 - MARGIN_MS };
  return text;
}

export function apiUrlOf(host: Host): string {
  return (host.config as { apiUrl: string }).apiUrl;
}
