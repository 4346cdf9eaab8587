import { InvalidArgumentError } from 'commander';
import type { JsonObject } from '../../spec/json.ts';
import { openClient } from '../api-client.ts';
import type { ServerOptions } from '../credentials.ts';
import { EXIT_CODES } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { orgPath } from '../plugin-path.ts';
import type { Report } from '../report.ts';
import { done, withServer } from '../server-verb.ts';
import type { Shell } from '../shell.ts';

type ListOptions = ServerOptions & { readonly action?: string; readonly limit: string };
type Anchor = { readonly position: string; readonly hash: string };
type VerifyOptions = ServerOptions & { readonly anchor?: Anchor };
type Entry = { occurredAt: string; action: string; subject: string; seal?: { position: number } };

const ORG = ['--org <slug>', 'that of this organization; that of the instance where absent'] as const;

/** `souk audit list` and `souk audit verify`: the log of what was done, and whether it was tampered with. */
export function registerAudit(shell: Shell): void {
  const verb = shell.group('audit', 'the log of what was done');
  withServer(verb('list', 'what was done, newest first'))
    .option(...ORG)
    .option('--action <name>', 'entries of this action only, such as package.refused')
    .option('--limit <count>', 'how many', '50')
    .action((options: ListOptions) => shell.report(options, () => list(shell.io, options)));
  withServer(verb('verify', 'recompute the hash chain and say where it was changed'))
    .option(...ORG)
    .option(
      '--anchor <position:hash>',
      'a place noted earlier, through which the chain must pass',
      readAnchor,
    )
    .action((options: VerifyOptions) => shell.report(options, () => verify(shell.io, options)));
}

/** The form in which `verify` prints the end of the chain, for noting elsewhere. */
function readAnchor(text: string): Anchor {
  const [, position, hash] = /^([1-9]\d{0,15}):([0-9a-f]{64})$/u.exec(text) ?? [];
  if (position === undefined || hash === undefined)
    throw new InvalidArgumentError('An anchor is a position and 64 hexadecimal digits, as 12:ab….');
  return { position, hash };
}

function auditPath({ org }: ServerOptions): string {
  return `${org === undefined ? '/api/v1' : orgPath(org)}/audit`;
}

async function list(io: Io, options: ListOptions): Promise<Report> {
  const { action, limit } = options;
  const query = new URLSearchParams({ limit, ...(action === undefined ? {} : { action }) });
  const answer = await (
    await openClient(io, options)
  ).get<{ items: Entry[] }>(`${auditPath(options)}?${query}`);
  const lines = answer.items.map(
    (entry) => `${entry.occurredAt} ${entry.seal?.position ?? '-'} ${entry.action} ${entry.subject}`,
  );
  return done(lines.length > 0 ? lines : ['nothing was done yet'], answer);
}

async function verify(io: Io, options: VerifyOptions): Promise<Report> {
  const query = new URLSearchParams(options.anchor ?? {});
  const verdict = await (await openClient(io, options)).get(`${auditPath(options)}/verdict?${query}`);
  if (verdict['kind'] === 'intact') return done(intactLines(verdict), verdict);
  const { finding, position, explanation, entryId } = verdict;
  const entry = entryId === undefined ? '' : ` (entry ${String(entryId)})`;
  return {
    exitCode: EXIT_CODES.refused,
    lines: [`BROKEN at position ${String(position)}: ${String(finding)}${entry}`, String(explanation)],
    data: verdict,
  };
}

function intactLines({ length, headHashHex, unsealed }: JsonObject): string[] {
  const waiting = unsealed === 0 ? [] : [`${String(unsealed)} newer entries are not sealed yet`];
  if (length === 0) return ['intact: nothing is sealed yet', ...waiting];
  return [
    `intact: ${String(length)} entries`,
    `its end, to be noted elsewhere: ${String(length)}:${String(headHashHex)}`,
    ...waiting,
  ];
}
