import {
  matchFileList,
  matchIdentity,
  type PackageEvidence,
  type PackageStatement,
  parseTrustFile,
  readUnverifiedStatement,
  sha256Hex,
  trustIn,
  verifyPackageEnvelope,
  type VerifiedStatement,
} from '../../signing/index.ts';
import { ENVELOPE_LIMITS } from '../../spec/limits.ts';
import { envelopePath, identifyPackage, readArchive } from '../archive.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { readInput } from '../files.ts';
import type { Io } from '../io.ts';
import type { Report } from '../report.ts';
import type { Shell } from '../shell.ts';
import { readTime } from '../time.ts';

const TRUST_FILE_BYTES_MAX = 16 * 1024 * 1024;

type VerifyOptions = {
  readonly envelope?: string;
  readonly trust?: string;
  readonly at?: string;
  readonly json?: boolean;
};

/** `souk verify <archive> --trust keys.json`: offline. Without a trust file it ends with its own exit code. */
export function registerVerify(shell: Shell): void {
  shell
    .verb('verify', 'verify an archive and its envelope, offline')
    .argument('<archive>', 'the archive')
    .option('--trust <file>', 'whom to trust; without it the verdict is at best "consistent, signer unknown"')
    .option('--envelope <file>', 'the envelope; <archive>.dsse.json where absent')
    .option('--at <time>', 'when the registry accepted it, such as 2026-01-31T12:00:00Z; now where absent')
    .action((archive: string, options: VerifyOptions) =>
      shell.report(options, () => verify(shell.io, archive, options)),
    );
}

async function verify(io: Io, archivePath: string, options: VerifyOptions): Promise<Report> {
  const archive = await readArchive(io, archivePath);
  const evidence = await gatherEvidence(io, archive, options.envelope ?? envelopePath(archivePath));
  const at = options.at === undefined ? new Date() : readTime(options.at);
  const statement =
    options.trust === undefined
      ? readUnverifiedStatement(evidence)
      : await verifyWithTrust(evidence, await readInput(io, options.trust, TRUST_FILE_BYTES_MAX), at);
  const { read, identity } = identifyPackage(archive);
  matchFileList(statement, read.entries);
  matchIdentity(statement, identity);
  return reportOf(statement);
}

async function gatherEvidence(io: Io, archive: Uint8Array, envelope: string): Promise<PackageEvidence> {
  return {
    envelope: await readInput(io, envelope, ENVELOPE_LIMITS.envelopeBytesMax + 1),
    archiveSha256: sha256Hex(archive),
    archiveSize: archive.length,
  };
}

async function verifyWithTrust(
  evidence: PackageEvidence,
  trustFile: Uint8Array,
  at: Date,
): Promise<VerifiedStatement> {
  const { publisher } = readUnverifiedStatement(evidence);
  const trust = trustIn(parseTrustFile(trustFile), publisher);
  return verifyPackageEnvelope({ ...evidence, trust, at });
}

function reportOf(statement: PackageStatement | VerifiedStatement): Report {
  const { publisher, plugin, version } = statement;
  const what = `${publisher}/${plugin} ${version}`;
  const data = { publisher, plugin, version, sha256: statement.archiveSha256, contents: statement.contents };
  if ('signers' in statement)
    return {
      exitCode: EXIT_CODES.ok,
      lines: [`verified: ${what}`, ...statement.signers.map((id) => `signed by ${id}`)],
      data: { verdict: 'verified', ...data, signers: [...statement.signers] },
    };
  return {
    exitCode: EXIT_CODES.signerUnknown,
    lines: [
      `consistent, signer unknown: ${what}`,
      'give --trust <file> to learn whether the publisher signed it',
    ],
    data: { verdict: 'consistent, signer unknown', ...data, signers: [] },
  };
}
