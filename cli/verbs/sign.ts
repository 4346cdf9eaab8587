import {
  addSignature,
  type Envelope,
  formatEnvelope,
  parseEnvelope,
  signEnvelope,
  STATEMENT_PAYLOAD_TYPE,
  writeStatement,
} from '../../signing/index.ts';
import { ENVELOPE_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import { envelopePath, identifyPackage, readArchive } from '../archive.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { readInput, readPrivateKey, replaceOutput } from '../files.ts';
import type { Io } from '../io.ts';
import type { Report } from '../report.ts';
import type { Shell } from '../shell.ts';

type SignOptions = {
  readonly key: string[];
  readonly add?: boolean;
  readonly out?: string;
  readonly json?: boolean;
};

/** `souk sign <archive> --key <file...>`: the envelope `<archive>.dsse.json`. */
export function registerSign(shell: Shell): void {
  shell
    .verb('sign', 'sign an archive; writes <archive>.dsse.json')
    .argument('<archive>', 'what souk pack wrote')
    .requiredOption('--key <file...>', 'private key files')
    .option('--add', 'keep the signatures that the envelope has already')
    .option('--out <file>', 'where to write the envelope')
    .action((archive: string, options: SignOptions) =>
      shell.report(options, () => sign(shell.io, archive, options)),
    );
}

async function sign(io: Io, archivePath: string, options: SignOptions): Promise<Report> {
  const { read, identity } = identifyPackage(await readArchive(io, archivePath));
  const payload = writeStatement(identity, { sha256: read.archiveSha256, size: read.size }, read.entries);
  const keys = await Promise.all(options.key.map((path) => readPrivateKey(io, path)));
  const out = options.out ?? envelopePath(archivePath);
  const envelope = options.add
    ? keys.reduce(addSignature, await readEarlier(io, out, payload))
    : signEnvelope(STATEMENT_PAYLOAD_TYPE, payload, keys);
  await replaceOutput(io, out, formatChecked(envelope));
  const keyids = envelope.signatures.map(({ keyId }) => keyId);
  return {
    exitCode: EXIT_CODES.ok,
    lines: [`signed ${archivePath} into ${out}`, ...keyids.map((id) => `signature of ${id}`)],
    data: { ...identity, archive: archivePath, envelope: out, sha256: read.archiveSha256, keyids },
  };
}

/** Adding to an envelope about other bytes would put a name under what its holder has not seen. */
async function readEarlier(io: Io, path: string, payload: Uint8Array): Promise<Envelope> {
  const bytes = await readInput(io, path, ENVELOPE_LIMITS.envelopeBytesMax);
  const earlier = parseEnvelope(bytes, STATEMENT_PAYLOAD_TYPE);
  if (!Buffer.from(earlier.payload).equals(payload))
    throw new Refusal('signed_archive_differs', { detail: `${path} is about another archive.` });
  return earlier;
}

/** Nothing is written that a reader would refuse, such as a 17th signature. */
function formatChecked(envelope: Envelope): string {
  const text = formatEnvelope(envelope);
  parseEnvelope(Buffer.from(text, 'utf8'), STATEMENT_PAYLOAD_TYPE);
  return text;
}
