import { Option, type Command } from 'commander';
import {
  KEY_DOCUMENT_PAYLOAD_TYPE,
  formatEnvelope,
  isKeyId,
  replayKeyHistory,
  REVOCATION_REASONS,
  signEnvelope,
  writeKeyDocument,
  type KeyDocument,
  type PrivateKey,
  type Revocation,
} from '../../signing/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { ENVELOPE_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import { openClient, type ApiClient } from '../api-client.ts';
import { count } from '../count.ts';
import type { ServerOptions } from '../credentials.ts';
import { DOCUMENT_DAYS_MAX, documentPeriod } from '../document-period.ts';
import { readPrivateKey } from '../files.ts';
import type { Io } from '../io.ts';
import { keyLines } from '../key-lines.ts';
import { introducedIds, nextKeyDocument, type KeyChange } from '../next-keys.ts';
import type { Report } from '../report.ts';
import { done, withServer } from '../server-verb.ts';
import type { Shell } from '../shell.ts';
import { readTime } from '../time.ts';

type ChangeOptions = ServerOptions & {
  readonly by: string[];
  readonly root?: string[];
  readonly key?: string[];
  readonly rootThreshold?: number;
  readonly keyThreshold?: number;
  readonly days: number;
};
type RevokeOptions = ChangeOptions & { readonly from: string; readonly reason: Revocation['reason'] };

const readThreshold = count(1, ENVELOPE_LIMITS.signaturesMax);

/** `souk keys rotate` and `souk keys revoke`: the next key document. */
export function registerKeyChanges(shell: Shell, verb: (name: string, description: string) => Command): void {
  withChange(verb('rotate', 'replace or renew the keys of a publisher'))
    .argument('<publisher>')
    .action((publisher: string, options: ChangeOptions) =>
      shell.report(options, () => change(shell.io, publisher, options, undefined)),
    );
  withChange(verb('revoke', 'take a key out of force, from a time on that may be past'))
    .argument('<publisher>')
    .argument('<keyid>', 'as souk keys show prints it')
    .requiredOption('--from <time>', 'what was accepted before stays good; such as 2026-01-31T12:00:00Z')
    .addOption(new Option('--reason <word>', 'why').choices(REVOCATION_REASONS).makeOptionMandatory())
    .action((publisher: string, keyId: string, options: RevokeOptions) =>
      shell.report(options, () => change(shell.io, publisher, options, revocationOf(keyId, options))),
    );
}

function withChange(command: Command): Command {
  return withServer(command)
    .requiredOption('--by <file...>', 'private root keys in force, as many as their threshold')
    .option('--root <file...>', 'private keys that are the root keys from now on')
    .option('--key <file...>', 'private keys that sign packages from now on')
    .option('--root-threshold <count>', 'how many root keys must sign', readThreshold)
    .option('--key-threshold <count>', 'how many keys must sign a package', readThreshold)
    .option('--days <count>', 'how long the document holds', count(1, DOCUMENT_DAYS_MAX), 365);
}

function revocationOf(keyId: string, { from, reason }: RevokeOptions): Revocation {
  if (!isKeyId(keyId))
    throw new Refusal('key_not_of_publisher', { detail: `${JSON.stringify(keyId)} is not a key id.` });
  return { keyId, effectiveFrom: readTime(from), decidedAt: new Date(), reason };
}

async function change(
  io: Io,
  publisher: string,
  options: ChangeOptions,
  revocation: Revocation | undefined,
): Promise<Report> {
  const [by, root, publish] = await Promise.all(
    [options.by, options.root, options.key].map((paths) => readKeys(io, paths)),
  );
  const client = await openClient(io, options);
  const path = `/api/v1/publishers/${encodeURIComponent(publisher)}/keys`;
  const history = await readHistory(client, publisher, path);
  const inForce = history.at(-1)?.document ?? history[0].document;
  requireKnown(history, revocation);
  const next = nextKeyDocument(inForce, {
    ...documentPeriod(options.days),
    ...rolesOf(options, root, publish),
    ...(revocation ? { revocation } : {}),
  });
  const signers = signersOf(inForce, next, [...(by ?? []), ...(root ?? []), ...(publish ?? [])]);
  const envelope = signEnvelope(KEY_DOCUMENT_PAYLOAD_TYPE, writeKeyDocument(next), signers);
  const answer = await client.send('POST', path, {
    document: JSON.parse(formatEnvelope(envelope)) as JsonObject,
  });
  return done([...keyLines(next), ...distrustLines(answer)], answer);
}

async function readKeys(io: Io, paths: readonly string[] | undefined): Promise<PrivateKey[] | undefined> {
  return paths && Promise.all(paths.map((path) => readPrivateKey(io, path)));
}

/** Judged here once more: the root keys sign nothing that they did not themselves lead to. */
async function readHistory(
  client: ApiClient,
  publisher: string,
  path: string,
): Promise<ReturnType<typeof replayKeyHistory>> {
  type Accepted = { readonly acceptedAt: string; readonly envelope: JsonObject };
  const { documents } = await client.get<{ documents: readonly Accepted[] }>(path);
  if (documents.length === 0)
    throw new Refusal('publisher_keys_missing', { detail: `${publisher} has registered no keys.` });
  const accepted = documents.map(({ acceptedAt, envelope }) => ({
    acceptedAt: new Date(acceptedAt),
    envelope: Buffer.from(JSON.stringify(envelope)),
  }));
  return replayKeyHistory(publisher, accepted);
}

/** A revocation is for ever, and a mistyped one would protect nobody. */
function requireKnown(
  history: readonly { readonly document: KeyDocument }[],
  revocation: Revocation | undefined,
): void {
  const isKnown = history.some(({ document }) =>
    document.keys.some(({ key }) => key.id === revocation?.keyId),
  );
  if (revocation && !isKnown)
    throw new Refusal('key_not_of_publisher', { detail: `${revocation.keyId} never was one of its keys.` });
}

function rolesOf(
  options: ChangeOptions,
  root: readonly PrivateKey[] | undefined,
  publish: readonly PrivateKey[] | undefined,
): Omit<KeyChange, 'issuedAt' | 'expiresAt' | 'revocation'> {
  const { rootThreshold, keyThreshold } = options;
  return {
    ...(root ? { root: root.map(({ publicKey }) => publicKey) } : {}),
    ...(publish ? { publish: publish.map(({ publicKey }) => publicKey) } : {}),
    ...(rootThreshold === undefined ? {} : { rootThreshold }),
    ...(keyThreshold === undefined ? {} : { publishThreshold: keyThreshold }),
  };
}

/** The old root keys that were given, the new ones, and every key that is new: one signature each. */
function signersOf(inForce: KeyDocument, next: KeyDocument, given: readonly PrivateKey[]): PrivateKey[] {
  const needed = new Set([
    ...inForce.roles.root.keyIds,
    ...next.roles.root.keyIds,
    ...introducedIds(inForce, next),
  ]);
  const byId = new Map(given.map((key) => [key.publicKey.id, key]));
  return [...byId.values()].filter((key) => needed.has(key.publicKey.id));
}

function distrustLines(answer: JsonObject): string[] {
  const fallen = answer['distrusted'];
  if (!Array.isArray(fallen) || fallen.length === 0) return [];
  return [
    'no longer offered, for the revoked key signed them:',
    ...fallen.map((each) => `  ${String(each)}`),
  ];
}
