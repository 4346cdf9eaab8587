/** `souk plugin secrets`: which secrets are set, and setting them. A value never stands on a command line. */
import type { Command } from 'commander';
import type { ServerOptions } from '../credentials.ts';
import { readInput } from '../files.ts';
import { INSTALLED_PLUGIN, openInstalled } from '../installed.ts';
import type { Io } from '../io.ts';
import type { Report } from '../report.ts';
import { done, withOrg } from '../server-verb.ts';
import type { AddVerb, Shell } from '../shell.ts';
import { SECRET_LIMITS } from '../../spec/limits.ts';

type SecretOptions = ServerOptions & {
  readonly set?: string;
  readonly from?: string;
  readonly remove?: string;
};

type Secret = {
  readonly name: string;
  readonly title: string | null;
  readonly required: 'yes' | 'no';
  readonly setAt: string | null;
};

export function registerSecretVerbs({ io, report }: Shell, verb: AddVerb): void {
  withOrg(verb('secrets', 'show which secrets are set, set one, or remove one; values are never shown'))
    .argument('<plugin>', INSTALLED_PLUGIN)
    .option('--set <name>', 'set this secret to what standard input holds')
    .option('--from <file>', 'a file with the value, instead of standard input')
    .option('--remove <name>', 'remove this secret')
    .action((plugin: string, options: SecretOptions, command: Command) => {
      if (options.from !== undefined && options.set === undefined)
        command.error("error: option '--from <file>' needs '--set <name>'");
      return report(options, () => secrets(io, plugin, options));
    });
}

async function secrets(io: Io, named: string, options: SecretOptions): Promise<Report> {
  const { client, path: installation } = await openInstalled(io, options, named);
  const path = `${installation}/secrets`;
  if (options.set !== undefined) {
    const value = await readValue(io, options.from);
    await client.send('PUT', `${path}/${encodeURIComponent(options.set)}`, { value });
  }
  if (options.remove !== undefined) {
    await client.send('DELETE', `${path}/${encodeURIComponent(options.remove)}`);
  }
  const answer = await client.get<{ items: Secret[] }>(path);
  const items = answer.items;
  return done(items.length === 0 ? ['it takes no secrets'] : items.map(lineOf), answer);
}

/** Editors and `echo` end a file with a line break, which is no part of a secret. */
async function readValue(io: Io, from: string | undefined): Promise<string> {
  if (from === undefined) return withoutFinalBreak(await io.readIn());
  const bytes = await readInput(io, from, SECRET_LIMITS.valueBytesMax + 2);
  return withoutFinalBreak(Buffer.from(bytes).toString('utf8'));
}

function withoutFinalBreak(text: string): string {
  return text.replace(/\r?\n$/u, '');
}

function lineOf({ name, title, required, setAt }: Secret): string {
  const state = setAt === null ? (required === 'yes' ? 'not set, and required' : 'not set') : `set ${setAt}`;
  return `${name}: ${state}${title === null ? '' : ` (${title})`}`;
}
