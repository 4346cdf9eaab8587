/** `souk plugin data`: what a plugin keeps of an organization, before it is uninstalled or moved elsewhere. */
import type { ServerOptions } from '../credentials.ts';
import { requireAbsent, streamOutput } from '../files.ts';
import { INSTALLED_PLUGIN, openInstalled } from '../installed.ts';
import type { Io } from '../io.ts';
import type { Report } from '../report.ts';
import { done, withOrg } from '../server-verb.ts';
import type { AddVerb, Shell } from '../shell.ts';

type DataOptions = ServerOptions & { readonly out: string };

/** Whatever the plugin has kept may be in it: for whoever asked alone. */
const OUTPUT_MODE = 0o600;

export function registerDataVerb({ io, report }: Shell, verb: AddVerb): void {
  withOrg(verb('data', 'write what the plugin keeps under keys to a new file, one line of JSON for each'))
    .argument('<plugin>', INSTALLED_PLUGIN)
    .requiredOption('--out <file>', 'which must not exist yet')
    .action((plugin: string, options: DataOptions) => report(options, () => save(io, plugin, options)));
}

async function save(io: Io, named: string, options: DataOptions): Promise<Report> {
  requireAbsent(io, options.out);
  const { client, plugin, path } = await openInstalled(io, options, named);
  let entries = 0;
  await streamOutput(
    io,
    options.out,
    countLines(await client.download(`${path}/data`), () => (entries += 1)),
    OUTPUT_MODE,
  );
  return done([`wrote ${entries} key(s) to ${options.out}`], { plugin, file: options.out, keys: entries });
}

const LINE_FEED = 10;

async function* countLines(
  source: AsyncIterable<Uint8Array>,
  onLine: () => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) onLine();
    yield chunk;
  }
}
