import type { JsonObject } from '../../spec/json.ts';
import { openClient } from '../api-client.ts';
import type { ServerOptions } from '../credentials.ts';
import type { Io } from '../io.ts';
import { versionPath } from '../plugin-path.ts';
import type { Report } from '../report.ts';
import { done, withServer } from '../server-verb.ts';
import type { Shell } from '../shell.ts';

type Held = { readonly plugin: string; readonly version: string; readonly stateReason?: string };

/** `souk review list`, `approve` and `reject`: packages that wait for an instance admin. */
export function registerReview(shell: Shell): void {
  const verb = shell.group('review', 'packages that wait for an instance admin');
  withServer(verb('list', 'what waits')).action((options: ServerOptions) =>
    shell.report(options, () => list(shell.io, options)),
  );
  withServer(verb('approve', 'offer a version that waits'))
    .argument('<release>', 'publisher/name@version')
    .action((release: string, options: ServerOptions) =>
      shell.report(options, () => decide(shell.io, release, options, { kind: 'approve' })),
    );
  withServer(verb('reject', 'refuse a version that waits, for good'))
    .argument('<release>', 'publisher/name@version')
    .requiredOption('--reason <text>', 'what its author reads')
    .action((release: string, options: ServerOptions & { readonly reason: string }) =>
      shell.report(options, () =>
        decide(shell.io, release, options, { kind: 'reject', reason: options.reason }),
      ),
    );
}

async function list(io: Io, options: ServerOptions): Promise<Report> {
  const answer = await (await openClient(io, options)).list<Held>('/api/v1/review');
  const held = answer.items;
  const lines = held.map(({ plugin, version, stateReason }) => `${plugin}@${version}: ${stateReason ?? ''}`);
  return done(lines.length > 0 ? lines : ['nothing waits'], answer);
}

async function decide(
  io: Io,
  release: string,
  options: ServerOptions,
  decision: JsonObject,
): Promise<Report> {
  const path = versionPath(release)
    .replace('/api/v1/packages/', '/api/v1/review/')
    .replace('/versions/', '/');
  const answer = await (await openClient(io, options)).send('POST', path, decision);
  return done([`${release} is ${String(answer['state'])}`], answer);
}
