import { openClient } from '../api-client.ts';
import type { ServerOptions } from '../credentials.ts';
import type { Io } from '../io.ts';
import { packagePath } from '../plugin-path.ts';
import type { Report } from '../report.ts';
import { done, withServer } from '../server-verb.ts';
import type { Shell } from '../shell.ts';

type Release = {
  readonly version: string;
  readonly yanked?: object;
  readonly state: string;
  readonly signature: string;
};
type PluginPage = { readonly latestVersion: string | null; readonly versions: readonly Release[] };
type Item = { id: string; latestVersion: string; description?: string; isSigned: boolean };
type Found = { readonly items: readonly Item[]; readonly nextCursor: string | null };

/** `souk search <words>` and `souk info <plugin>`: what the catalogue has. */
export function registerSearch(shell: Shell): void {
  withServer(shell.verb('search', 'search the catalogue'))
    .argument('[words...]', 'what to look for; everything where absent')
    .action((words: string[], options: ServerOptions) =>
      shell.report(options, () => search(shell.io, words, options)),
    );
  withServer(shell.verb('info', 'one plugin and its versions'))
    .argument('<plugin>', 'publisher/name')
    .action((plugin: string, options: ServerOptions) =>
      shell.report(options, () => info(shell.io, plugin, options)),
    );
}

async function search(io: Io, words: readonly string[], options: ServerOptions): Promise<Report> {
  const query = new URLSearchParams(words.length > 0 ? { q: words.join(' ') } : {});
  const answer = await (await openClient(io, options)).get<Found>(`/api/v1/packages?${query}`);
  const lines = answer.items.map(
    ({ id, latestVersion, description, isSigned }) =>
      `${id} ${latestVersion}${isSigned ? '' : ' (unsigned)'}  ${description ?? ''}`,
  );
  const more = answer.nextCursor === null ? [] : ['there are more: search for more words'];
  return done(lines.length > 0 ? [...lines, ...more] : ['nothing found'], answer);
}

async function info(io: Io, plugin: string, options: ServerOptions): Promise<Report> {
  const page = await (await openClient(io, options)).get<PluginPage>(packagePath(plugin));
  const lines = page.versions.map(
    ({ version, yanked, state, signature }) => `  ${version} ${yanked ? 'yanked' : state}, ${signature}`,
  );
  return done([`${plugin} ${page.latestVersion ?? '(nothing offered)'}`, ...lines], page);
}
