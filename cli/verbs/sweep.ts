import { openClient } from '../api-client.ts';
import { count } from '../count.ts';
import type { ServerOptions } from '../credentials.ts';
import type { Io } from '../io.ts';
import type { Report } from '../report.ts';
import { done, withServer } from '../server-verb.ts';
import type { Shell } from '../shell.ts';

/** A year, as the server has it. */
const GRACE_SECONDS_MAX = 31_536_000;

type SweepOptions = ServerOptions & { readonly graceSeconds: number };

/** `souk sweep`: removes package bytes that no version names. */
export function registerSweep(shell: Shell): void {
  withServer(shell.verb('sweep', 'remove package bytes that no version names; for instance admins'))
    .option(
      '--grace-seconds <count>',
      'touch nothing younger; less than an upload takes cuts uploads off',
      count(0, GRACE_SECONDS_MAX),
      3_600,
    )
    .action((options: SweepOptions) => shell.report(options, () => sweep(shell.io, options)));
}

async function sweep(io: Io, options: SweepOptions): Promise<Report> {
  const client = await openClient(io, options);
  const answer = await client.send('POST', '/api/v1/sweeps', { graceSeconds: options.graceSeconds });
  return done(
    [
      `${String(answer['blobsRemoved'])} archives that no version names`,
      `${String(answer['leftoversRemoved'])} leftovers of interrupted uploads`,
    ],
    answer,
  );
}
