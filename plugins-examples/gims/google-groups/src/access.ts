/**
 * Access tokens for a service account with domain-wide delegation, as "Using OAuth 2.0 for Server to Server
 * Applications" describes them: a JWT signed with the account's key (RS256, RFC 7523) is exchanged for a token, which
 * holds for an hour and is kept in memory alone.
 */
import { importPKCS8, SignJWT } from 'jose';
import type { Host } from 'souk/sdk';
import { fromHostCall, refused, unavailable } from '../../platform-kit/errors.ts';
import type { Patience } from '../../platform-kit/patience.ts';

const SCOPES = [
  'https://www.googleapis.com/auth/admin.directory.group',
  'https://www.googleapis.com/auth/apps.groups.settings',
];
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** A token that ends within a minute may end on its way. */
const SPARE_MS = 60_000;

type Account = { readonly email: string; readonly key: string; readonly keyId: string };
type Held = { readonly token: string; readonly until: number };

const held = new Map<string, Held>();

/** @param renew whether the token that is held was refused */
export async function accessToken(
  host: Host,
  patience: Patience,
  renew: 'held' | 'renewed',
): Promise<string> {
  const { admin, tokenUrl } = host.config as { admin: string; tokenUrl: string };
  const account = await readAccount(host);
  const owner = JSON.stringify([account.email, account.keyId, admin, tokenUrl]);
  const known = held.get(owner);
  if (renew === 'held' && known && known.until > Date.now()) return known.token;
  const fresh = await exchange(await assertionOf(account, admin, tokenUrl), tokenUrl, patience);
  // Keys that were changed are not used again.
  held.clear();
  held.set(owner, fresh);
  return fresh.token;
}

async function readAccount({ secrets }: Host): Promise<Account> {
  const text = await secrets.get('serviceAccount').catch((error: unknown) => {
    throw fromHostCall('Google', error);
  });
  const { client_email, private_key, private_key_id } = parseKeyFile(text ?? '');
  if (typeof client_email !== 'string' || typeof private_key !== 'string')
    throw refused('The secret serviceAccount is not the JSON file of a service account key.');
  return { email: client_email, key: private_key, keyId: String(private_key_id ?? '') };
}

/** The text of an error of the parser would show a part of the key. */
function parseKeyFile(text: string): Record<string, unknown> {
  try {
    return { ...(JSON.parse(text) as object) };
  } catch {
    return {};
  }
}

async function assertionOf({ email, key, keyId }: Account, admin: string, audience: string): Promise<string> {
  const signingKey = await importPKCS8(key, 'RS256').catch(() => {
    throw refused('The private key in the secret serviceAccount cannot be read.');
  });
  return new SignJWT({ scope: SCOPES.join(' ') })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: keyId })
    .setIssuer(email)
    .setSubject(admin)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(signingKey);
}

async function exchange(assertion: string, tokenUrl: string, patience: Patience): Promise<Held> {
  const body = new URLSearchParams({ grant_type: GRANT, assertion }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const signal = AbortSignal.timeout(patience.leftMs());
  const answer = await fetch(tokenUrl, { method: 'POST', headers, body, signal }).catch((error: unknown) => {
    throw fromHostCall('Google', error);
  });
  const read = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
  if (answer.status >= 500 || answer.status === 429)
    throw unavailable(`Google gives no access token now (${answer.status}).`);
  if (!answer.ok || typeof read['access_token'] !== 'string') throw notAdmitted(read);
  return { token: read['access_token'], until: Date.now() + Number(read['expires_in']) * 1_000 - SPARE_MS };
}

/** RFC 6749 section 5.2: `error`, and a sentence beside it. */
function notAdmitted({ error, error_description }: Record<string, unknown>): Error {
  const reason = String(error_description ?? error ?? 'no reason given').slice(0, 200);
  return refused(`Google does not admit the service account: ${reason}.`);
}
