import { Refusal } from '../../spec/refusal.ts';
import { openClient } from '../api-client.ts';
import { findCredentials, keepCredentials, readToken } from '../credentials.ts';
import type { Io } from '../io.ts';
import type { Report } from '../report.ts';
import { done } from '../server-verb.ts';
import type { Shell } from '../shell.ts';

/** `souk login <url>`: takes the token from standard input, tries it, and keeps it for later verbs. */
export function registerLogin(shell: Shell): void {
  shell
    .verb('login', 'keep a token, read from standard input, for the verbs after this one')
    .argument('[url]', 'origin of the server')
    .action((url: string | undefined, options: { json?: boolean }) =>
      shell.report(options, () => login(shell.io, url)),
    );
}

async function login(io: Io, asked: string | undefined): Promise<Report> {
  const { url } = await findCredentials(io, asked === undefined ? {} : { url: asked });
  const given = (io.environment['SOUK_TOKEN'] || (await io.readIn())).trim();
  if (given === '') throw new Refusal('not_logged_in', { detail: 'No token came in.' });
  const token = readToken(given);
  const withToken: Io = { ...io, environment: { ...io.environment, SOUK_TOKEN: token } };
  const me = await (await openClient(withToken, { url })).get('/api/v1/me');
  const path = await keepCredentials(io, { url, token });
  const name = String((me['user'] as { name?: unknown } | undefined)?.name);
  return done([`logged in at ${url} as ${name}`, `the token is kept in ${path}`], { url, ...me });
}
