/** `souk yank|unyank|deprecate|undeprecate|revoke`: what an author can still say about a version, which never changes. */
import type { JsonObject } from '../../spec/json.ts';
import { openClient } from '../api-client.ts';
import type { ServerOptions } from '../credentials.ts';
import { EXIT_CODES } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { versionPath } from '../plugin-path.ts';
import type { Report } from '../report.ts';
import { done, withServer } from '../server-verb.ts';
import type { Shell } from '../shell.ts';

type Change = {
  readonly method: 'PUT' | 'DELETE';
  readonly part: 'yank' | 'deprecation';
  readonly body?: JsonObject;
  /** Comes after the name of the release. */
  readonly said: string;
};

export function registerWithdraw(shell: Shell): void {
  registerOffers(shell);
  registerRevoke(shell);
}

function registerOffers({ io, verb, report }: Shell): void {
  const release = ['<release>', 'publisher/name@version'] as const;
  withServer(verb('yank', 'hide a version from new installations; who has it keeps it'))
    .argument(...release)
    .requiredOption('--reason <text>', 'why, for those who have it')
    .action((name: string, options: ServerOptions & { reason: string }) =>
      report(options, () =>
        change(io, name, options, {
          method: 'PUT',
          part: 'yank',
          body: { reason: options.reason },
          said: 'is yanked',
        }),
      ),
    );
  withServer(verb('unyank', 'offer a yanked version again'))
    .argument(...release)
    .action((name: string, options: ServerOptions) =>
      report(options, () =>
        change(io, name, options, { method: 'DELETE', part: 'yank', said: 'is offered again' }),
      ),
    );
  withServer(verb('deprecate', 'advise against a version'))
    .argument(...release)
    .requiredOption('--reason <text>', 'why')
    .option('--replacement <plugin>', 'what to use in its place')
    .action((name: string, options: ServerOptions & { reason: string; replacement?: string }) =>
      report(options, () =>
        change(io, name, options, {
          method: 'PUT',
          part: 'deprecation',
          body: adviceOf(options),
          said: 'is deprecated',
        }),
      ),
    );
  withServer(verb('undeprecate', 'take that advice back'))
    .argument(...release)
    .action((name: string, options: ServerOptions) =>
      report(options, () =>
        change(io, name, options, {
          method: 'DELETE',
          part: 'deprecation',
          said: 'is no longer deprecated',
        }),
      ),
    );
}

type RevokeOptions = ServerOptions & { readonly reason: string; readonly yes?: boolean };

function registerRevoke({ io, verb, report }: Shell): void {
  withServer(
    verb('revoke', 'show how far declaring a version unsafe would reach; with --yes do it, for good'),
  )
    .argument('<release>', 'publisher/name@version')
    .requiredOption('--reason <text>', 'why, for those who have it')
    .option('--yes', 'declare it unsafe')
    .action((name: string, options: RevokeOptions) => report(options, () => revoke(io, name, options)));
}

async function revoke(io: Io, release: string, options: RevokeOptions): Promise<Report> {
  const client = await openClient(io, options);
  const path = `${versionPath(release)}/revocation`;
  if (options.yes) {
    const answer = await client.send('PUT', path, { reason: options.reason });
    return done([`${release} is declared unsafe`], answer);
  }
  const reach = await client.get(path);
  const lines = [
    `${release} is installed in ${String(reach['organizations'])} organization(s), active in ${String(reach['active'])}`,
    'Nothing was changed. To declare it unsafe, repeat it with --yes.',
  ];
  return { exitCode: EXIT_CODES.consentAwaited, lines, data: reach };
}

function adviceOf({ reason, replacement }: { reason: string; replacement?: string }): JsonObject {
  return { reason, ...(replacement === undefined ? {} : { replacement }) };
}

async function change(
  io: Io,
  release: string,
  options: ServerOptions,
  { method, part, body, said }: Change,
): Promise<Report> {
  const path = `${versionPath(release)}/${part}`;
  const answer = await (await openClient(io, options)).send(method, path, body);
  return done([`${release} ${said}`], answer);
}
