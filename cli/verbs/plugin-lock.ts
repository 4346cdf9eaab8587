/** `souk plugin lock|import`: the exact packages of an organization, taken elsewhere. */
import { Refusal } from '../../spec/refusal.ts';
import type { JsonValue } from '../../spec/json.ts';
import { parseStrictJson } from '../../spec/strict-json.ts';
import { openClient } from '../api-client.ts';
import { requireOrg, type ServerOptions } from '../credentials.ts';
import { createOutput, readInput } from '../files.ts';
import type { Io } from '../io.ts';
import type { ShownPlan } from '../plan-text.ts';
import { orgPath } from '../plugin-path.ts';
import type { Report } from '../report.ts';
import { done, withOrg } from '../server-verb.ts';
import type { AddVerb, Shell } from '../shell.ts';
import { consentOrShow } from './plugin-plan.ts';

type LockOptions = ServerOptions & { readonly out?: string };
type ImportOptions = ServerOptions & { readonly yes?: boolean };
type LockedPlugin = { readonly plugin: string; readonly version: string; readonly digest: string };

/** A thousand plugins fit several times. */
const LOCK_BYTES_MAX = 1024 * 1024;
const LOCK_DEPTH_MAX = 8;
const OUTPUT_MODE = 0o644;

export function registerLockVerbs({ io, report }: Shell, verb: AddVerb): void {
  withOrg(verb('lock', 'the exact packages that the organization has installed'))
    .option('--out <file>', 'write them to a new file, for souk plugin import')
    .action((options: LockOptions) => report(options, () => lock(io, options)));
  withOrg(
    verb('import', 'show the plan that makes an organization have what a lock says; with --yes carry it out'),
  )
    .argument('<file>', 'a file that souk plugin lock wrote')
    .option('--yes', 'grant every permission that the plan asks for')
    .action((file: string, options: ImportOptions) => report(options, () => importLock(io, file, options)));
}

async function lock(io: Io, options: LockOptions): Promise<Report> {
  const answer = await (
    await openClient(io, options)
  ).get<{ plugins: LockedPlugin[] }>(`${orgPath(requireOrg(io, options))}/lock`);
  const plugins = answer.plugins;
  if (options.out !== undefined) {
    await createOutput(io, options.out, `${JSON.stringify(answer, null, 2)}\n`, OUTPUT_MODE);
    return done([`wrote ${plugins.length} plugin(s) to ${options.out}`], { file: options.out });
  }
  const lines = plugins.map(({ plugin, version, digest }) => `${plugin} ${version} ${digest}`);
  return done(lines.length === 0 ? ['nothing is installed'] : lines, answer);
}

async function importLock(io: Io, file: string, options: ImportOptions): Promise<Report> {
  const locked = await readLock(io, file);
  const org = requireOrg(io, options);
  const client = await openClient(io, options);
  const plan = await client.send<ShownPlan>('POST', `${orgPath(org)}/plans`, {
    kind: 'import',
    lock: locked,
  });
  return consentOrShow(client, org, plan, options);
}

/** @throws Refusal `lock_file_invalid` */
async function readLock(io: Io, path: string): Promise<JsonValue> {
  const parsed = parseStrictJson(await readInput(io, path, LOCK_BYTES_MAX), LOCK_DEPTH_MAX);
  if (parsed.kind === 'value') return parsed.value;
  throw new Refusal('lock_file_invalid', {
    detail: `${path}: ${parsed.faults[0]?.message ?? 'is not JSON'}.`,
    violations: parsed.faults,
  });
}
