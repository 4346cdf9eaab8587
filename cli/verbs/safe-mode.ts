/** `souk safemode`: the brake of the whole instance. */
import { openClient } from '../api-client.ts';
import type { ServerOptions } from '../credentials.ts';
import type { Io } from '../io.ts';
import type { Report } from '../report.ts';
import { done, withServer } from '../server-verb.ts';
import type { Shell } from '../shell.ts';

const SAFE_MODE = '/api/v1/safe-mode';

export function registerSafeMode({ io, group, report }: Shell): void {
  const verb = group('safemode', 'the brake of the whole instance; needs the token of an instance admin');
  withServer(verb('show', 'whether plugins run at all')).action((options: ServerOptions) =>
    report(options, () => safeMode(io, options)),
  );
  withServer(verb('begin', 'let no plugin of any organization run; nothing that is installed changes'))
    .requiredOption('--reason <text>', 'what callers are told meanwhile')
    .action((options: ServerOptions & { reason: string }) =>
      report(options, async () => {
        await (await openClient(io, options)).send('PUT', SAFE_MODE, { reason: options.reason });
        return safeMode(io, options);
      }),
    );
  withServer(verb('end', 'let plugins run again')).action((options: ServerOptions) =>
    report(options, async () => {
      await (await openClient(io, options)).send('DELETE', SAFE_MODE);
      return safeMode(io, options);
    }),
  );
}

async function safeMode(io: Io, options: ServerOptions): Promise<Report> {
  const mode = await (await openClient(io, options)).get(SAFE_MODE);
  const line =
    mode['kind'] === 'on'
      ? `safe mode is on since ${String(mode['since'])}: ${String(mode['reason'])}`
      : 'safe mode is off';
  return done([line], mode);
}
