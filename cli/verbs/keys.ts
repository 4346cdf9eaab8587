import {
  KEY_DOCUMENT_PAYLOAD_TYPE,
  KEY_PROOF_PAYLOAD_TYPE,
  formatEnvelope,
  parseEnvelope,
  parseKeyDocument,
  sha256Hex,
  signEnvelope,
  writeKeyDocument,
  writeKeyProof,
  type KeyDocument,
  type PrivateKey,
} from '../../signing/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { openClient } from '../api-client.ts';
import { count } from '../count.ts';
import type { ServerOptions } from '../credentials.ts';
import { DOCUMENT_DAYS_MAX, documentPeriod } from '../document-period.ts';
import { readPrivateKey } from '../files.ts';
import type { Io } from '../io.ts';
import { keyLines } from '../key-lines.ts';
import type { Report } from '../report.ts';
import { done, withServer } from '../server-verb.ts';
import type { Shell } from '../shell.ts';
import { registerKeyChanges } from './keys-change.ts';

type RegisterOptions = ServerOptions & {
  readonly root: string[];
  readonly key?: string[];
  readonly days: number;
};

/** `souk keys register`, `show`, `rotate` and `revoke`: the keys that speak for a publisher. */
export function registerKeys(shell: Shell): void {
  const verb = shell.group('keys', 'the keys of a publisher');
  withServer(verb('register', 'register the first keys of a publisher, with proof that they are yours'))
    .argument('<publisher>', 'a publisher that your organization owns')
    .requiredOption('--root <file...>', 'private keys that may change the key document')
    .option('--key <file...>', 'private keys that sign packages; the root keys where absent')
    .option('--days <count>', 'how long the document holds', count(1, DOCUMENT_DAYS_MAX), 365)
    .action((publisher: string, options: RegisterOptions) =>
      shell.report(options, () => register(shell.io, publisher, options)),
    );
  withServer(verb('show', 'the key documents of a publisher'))
    .argument('<publisher>')
    .action((publisher: string, options: ServerOptions) =>
      shell.report(options, () => show(shell.io, publisher, options)),
    );
  registerKeyChanges(shell, verb);
}

async function register(io: Io, publisher: string, options: RegisterOptions): Promise<Report> {
  const root = await readKeys(io, options.root);
  const publish = await readKeys(io, options.key ?? options.root);
  const keys = [...new Map([...root, ...publish].map((key) => [key.publicKey.id, key])).values()];
  const payload = writeKeyDocument(firstDocument(publisher, { root, publish, keys }, options.days));
  const client = await openClient(io, options);
  const base = `/api/v1/publishers/${encodeURIComponent(publisher)}`;
  const challenge = await client.send('POST', `${base}/key-challenges`);
  const proof = writeKeyProof(
    {
      origin: String(challenge['origin']),
      publisher,
      nonce: String(challenge['nonce']),
      expiresAt: new Date(String(challenge['expiresAt'])),
    },
    sha256Hex(payload),
  );
  const answer = await client.send('POST', `${base}/keys`, {
    nonce: challenge['nonce'] ?? '',
    document: envelopeJson(KEY_DOCUMENT_PAYLOAD_TYPE, payload, root),
    proof: envelopeJson(KEY_PROOF_PAYLOAD_TYPE, proof, keys),
  });
  return done(
    [`registered ${keys.length} key(s) for ${publisher}`, ...keys.map((key) => key.publicKey.id)],
    answer,
  );
}

function readKeys(io: Io, paths: readonly string[]): Promise<PrivateKey[]> {
  return Promise.all(paths.map((path) => readPrivateKey(io, path)));
}

function firstDocument(
  publisher: string,
  { root, publish, keys }: Record<'root' | 'publish' | 'keys', readonly PrivateKey[]>,
  days: number,
): KeyDocument {
  const { issuedAt, expiresAt } = documentPeriod(days);
  const ids = (of: readonly PrivateKey[]) => ({ threshold: 1, keyIds: of.map((key) => key.publicKey.id) });
  return {
    publisher,
    version: 1,
    issuedAt,
    expiresAt,
    keys: keys.map((key) => ({ key: key.publicKey, notBefore: issuedAt, notAfter: expiresAt })),
    roles: { root: ids(root), publish: ids(publish) },
    revocations: [],
  };
}

function envelopeJson(payloadType: string, payload: Uint8Array, keys: readonly PrivateKey[]): JsonObject {
  return JSON.parse(formatEnvelope(signEnvelope(payloadType, payload, keys))) as JsonObject;
}

async function show(io: Io, publisher: string, options: ServerOptions): Promise<Report> {
  const answer = await (
    await openClient(io, options)
  ).get<{ documents: { version: number; envelope: JsonObject }[] }>(
    `/api/v1/publishers/${encodeURIComponent(publisher)}/keys`,
  );
  const newest = answer.documents.at(-1);
  if (!newest) return done([`${publisher} has registered no keys`], answer);
  const envelope = parseEnvelope(Buffer.from(JSON.stringify(newest.envelope)), KEY_DOCUMENT_PAYLOAD_TYPE);
  return done(keyLines(parseKeyDocument(envelope.payload)), answer);
}
