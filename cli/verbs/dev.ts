import { resolve } from 'node:path';
import { count } from '../count.ts';
import { createDevLog, type DevLog } from '../dev/dev-log.ts';
import { type DevServer, openDevServer } from '../dev/dev-server.ts';
import { type DevSession, openDevSession } from '../dev/dev-session.ts';
import { type FolderWatch, watchFolder } from '../dev/watch-folder.ts';
import { EXIT_CODES } from '../exit-code.ts';
import type { Io } from '../io.ts';
import type { Report } from '../report.ts';
import type { Shell } from '../shell.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

type Options = {
  readonly port: number;
  readonly with: readonly string[];
  readonly data?: string;
  readonly json?: boolean;
};

/** `souk dev [folder]`: runs a plugin in the real sandbox, again after each save, until it is interrupted. */
export function registerDev(shell: Shell): void {
  shell
    .verb('dev', 'run a plugin folder in the real sandbox, again after each save')
    .argument('[folder]', 'the folder that holds manifest.json', '.')
    .option('--port <n>', 'where to listen on this machine; 0 takes a free one', count(0, 65_535), 8788)
    .option('--with <folder...>', 'plugins that it depends on, as folders', [])
    .option('--data <file>', 'where to keep its key-value data; in memory alone where absent')
    .action((folder: string, options: Options) =>
      shell.report(options, () => dev(shell.io, folder, options)),
    );
}

async function dev(io: Io, folder: string, options: Options): Promise<Report> {
  const log = createDevLog(io, options.json ? 'json' : 'text');
  using told = toldToStop();
  const folders = [folder, ...options.with];
  const session = await openDevSession({ io, log, dataFile: options.data }, folders);
  const watches: FolderWatch[] = [];
  let server: DevServer | undefined;
  try {
    for (const each of folders) watches.push(watchPlugin({ io, log, session }, each));
    server = await openDevServer(session, log, options.port);
    welcome(log, session, server.url);
    await told.once;
  } finally {
    for (const watching of watches) watching.stop();
    await server?.close();
    await session.close();
  }
  return { exitCode: EXIT_CODES.ok, lines: ['stopped'], data: { event: 'stopped' } };
}

type Watched = { readonly io: Io; readonly log: DevLog; readonly session: DevSession };

function watchPlugin({ io, log, session }: Watched, folder: string): FolderWatch {
  const watching = watchFolder(resolve(io.cwd, folder), () => {
    void session
      .reload(folder)
      .then(() => watching.follow(session.sourcesOf(folder)))
      .catch((error: unknown) => log.fail({ event: 'unwatched', folder }, error));
  });
  watching.follow(session.sourcesOf(folder));
  return watching;
}

function welcome(log: DevLog, session: DevSession, url: string): void {
  const endpoints = session.plugins.flatMap(({ manifest: { id, contributes } }) =>
    (contributes?.endpoints ?? []).map(({ method, path, access = 'member' }) => ({
      method,
      url: `${url}/orgs/dev/p/${id}${path}`,
      access,
    })),
  );
  const lines = endpoints.map((each) => `  ${each.method.padEnd(7)} ${each.url}  (${each.access})`);
  log.say({ event: 'ready', url, endpoints }, [`ready on ${url}`, ...lines, 'Ctrl-C ends it.'].join('\n'));
}

/**
 * Listens until it is disposed of, and for good once it was told: a terminal tells this process and the one that
 * started it, which tells this one again, late where it is busy. Cut off while it stops, it would leave runners behind;
 * cut off after that, it would seem to have failed.
 */
function toldToStop(): Disposable & { readonly once: Promise<void> } {
  const told = Promise.withResolvers<void>();
  let isTold = false;
  const listen = (): void => {
    isTold = true;
    told.resolve();
  };
  for (const signal of SIGNALS) process.on(signal, listen);
  return {
    once: told.promise,
    [Symbol.dispose]: () => {
      if (!isTold) for (const signal of SIGNALS) process.off(signal, listen);
    },
  };
}
