import { Option } from 'commander';
import type { JsonObject } from '../../spec/json.ts';
import { ENVELOPE_LIMITS } from '../../spec/limits.ts';
import { openClient } from '../api-client.ts';
import { envelopePath, readArchive } from '../archive.ts';
import { requireOrg, type ServerOptions } from '../credentials.ts';
import { readInput } from '../files.ts';
import type { Io } from '../io.ts';
import { orgPath } from '../plugin-path.ts';
import type { Report } from '../report.ts';
import { done, withOrg } from '../server-verb.ts';
import type { Shell } from '../shell.ts';

type PublishOptions = ServerOptions & {
  readonly envelope?: string;
  readonly private?: boolean;
  readonly unsigned?: boolean;
};

/** `souk publish <archive>`: to everyone, or with `--private` into the registry of one organization. */
export function registerPublish(shell: Shell): void {
  withOrg(shell.verb('publish', 'publish an archive with the envelope that lies beside it'))
    .argument('<archive>', 'what souk pack wrote and souk sign signed')
    .option('--envelope <file>', 'the envelope, where it lies elsewhere')
    .option('--private', 'into the private registry of the organization')
    .addOption(
      new Option('--unsigned', 'without an envelope, where the private registry takes such').conflicts(
        'envelope',
      ),
    )
    .action((archive: string, options: PublishOptions) =>
      shell.report(options, () => publish(shell.io, archive, options)),
    );
}

async function publish(io: Io, archivePath: string, options: PublishOptions): Promise<Report> {
  const archive = await readArchive(io, archivePath);
  const parts = options.unsigned
    ? { archive }
    : {
        archive,
        envelope: await readInput(
          io,
          options.envelope ?? envelopePath(archivePath),
          ENVELOPE_LIMITS.envelopeBytesMax,
        ),
      };
  const client = await openClient(io, options);
  const path = options.private ? `${orgPath(requireOrg(io, options))}/packages` : '/api/v1/packages';
  const answer = await client.upload(path, parts);
  return done(publishLines(answer), answer);
}

function publishLines(answer: JsonObject): string[] {
  const name = `${String(answer['plugin'])} ${String(answer['version'])}`;
  const verb =
    answer['outcome'] === 'already_published' ? 'was published before, with the same bytes:' : 'published';
  const held = answer['state'] === 'held' ? ['it waits for the review of an instance admin'] : [];
  return [`${verb} ${name}`, `sha256 ${String(answer['archiveSha256'])}`, ...held];
}
