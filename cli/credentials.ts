/** Where the command finds its server and its token: options, then the environment, then what `souk login` kept. */
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Refusal } from '../spec/refusal.ts';
import type { Io } from './io.ts';

export type ServerOptions = { readonly url?: string; readonly org?: string; readonly json?: boolean };

export type Credentials = { readonly url: string; readonly token: string | null };

const DEFAULT_URL = 'http://127.0.0.1:8787';

type Kept = { readonly url: string; readonly token: string };

/** XDG base directory specification, section 3. */
function credentialsPath(io: Io): string {
  const base = io.environment['XDG_CONFIG_HOME'] || join(io.environment['HOME'] || homedir(), '.config');
  return join(base, 'souk', 'credentials.json');
}

/** @throws Refusal `server_url_invalid` or `token_malformed` */
export async function findCredentials(io: Io, options: ServerOptions): Promise<Credentials> {
  const kept = await readKept(io);
  const url = readUrl(options.url ?? (io.environment['SOUK_URL'] || kept?.url || DEFAULT_URL));
  // A kept token goes to the server that it is for, and to no other.
  const token = io.environment['SOUK_TOKEN'] || (kept?.url === url ? kept.token : null);
  return { url, token: token && readToken(token) };
}

/** @returns without a slash at its end, and written as every other spelling of it */
function readUrl(text: string): string {
  const url = URL.parse(text);
  if (url && /^https?:$/u.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash)
    return url.href.replace(/\/+$/u, '');
  throw new Refusal('server_url_invalid', { detail: `The address is ${JSON.stringify(text)}.` });
}

/**
 * Sent in a header, so that another character would be refused there, with the token in the words.
 * @throws Refusal `token_malformed`
 */
export function readToken(text: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]+$/u.test(token)) return token;
  throw new Refusal('token_malformed', { detail: 'It has characters that no token has.' });
}

export function requireOrg(io: Io, options: ServerOptions): string {
  const org = options.org ?? io.environment['SOUK_ORG'];
  if (org) return org;
  throw new Refusal('org_not_named', { detail: 'No organization was named.' });
}

async function readKept(io: Io): Promise<Kept | null> {
  try {
    const kept = JSON.parse(await readFile(credentialsPath(io), 'utf8')) as Partial<Kept>;
    return typeof kept.url === 'string' && typeof kept.token === 'string'
      ? { url: kept.url, token: kept.token }
      : null;
  } catch {
    return null;
  }
}

/** Keeps a token for later verbs, readable by its owner alone. */
export async function keepCredentials(io: Io, kept: Kept): Promise<string> {
  const path = credentialsPath(io);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.new`, `${JSON.stringify(kept)}\n`, { mode: 0o600 });
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
  return path;
}
