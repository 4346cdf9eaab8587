/** The verdict on a package: from envelope bytes and the digest of an archive to a statement that may be believed. */
import { Refusal, type Violation } from '../spec/refusal.ts';
import { type FileDigest, sha256Hex } from './digest.ts';
import { parseEnvelope } from './envelope.ts';
import type { KeyId } from './public-key.ts';
import { quote } from './quote.ts';
import { requireThreshold } from './signer-set.ts';
import {
  type PackageIdentity,
  type PackageStatement,
  parseStatement,
  STATEMENT_PAYLOAD_TYPE,
} from './statement.ts';
import { packageSignersAt, type Trust, trustedPublisher } from './trust.ts';

declare const verified: unique symbol;
declare const filesMatched: unique symbol;

/** A statement that the threshold of its publisher's keys stands behind, about exactly the archive that was hashed. */
export type VerifiedStatement = PackageStatement & {
  /** The keys that counted; never use signature bytes as an identity. */
  readonly signers: readonly KeyId[];
  readonly envelopeSha256: string;
  /** Of the signed payload, hexadecimal; the same for every envelope around it. */
  readonly statementSha256: string;
  readonly [verified]: true;
};

/** A statement whose file list is that of the archive which was read. */
export type FilesMatched<Statement extends PackageStatement> = Statement & { readonly [filesMatched]: true };

export type PackageEvidence = {
  /** The envelope as it came in. */
  readonly envelope: Uint8Array;
  /** SHA-256 of the whole archive, 64 lower-case hexadecimal digits, and its size in bytes. */
  readonly archiveSha256: string;
  readonly archiveSize: number;
};

/**
 * Verifies a package before a byte of its archive is parsed. After reading the archive, `matchFileList` follows.
 * @param request.trust whom to believe about the publisher
 * @param request.at when the registry accepted the package, or accepts it now; never a time that the signer claims
 * @param request.expected what the package must be about, where the caller knows it
 * @throws Refusal `envelope_*`, `signature_*`, `statement_*` or `signed_archive_differs`, one code per reason
 */
export function verifyPackageEnvelope(
  request: PackageEvidence & {
    readonly trust: Trust;
    readonly at: Date;
    readonly expected?: Partial<PackageIdentity>;
  },
): VerifiedStatement {
  const envelope = parseEnvelope(request.envelope, STATEMENT_PAYLOAD_TYPE);
  const signers = packageSignersAt(request.trust, request.at);
  const signed = requireThreshold(envelope, signers);
  const statement = parseStatement(signed.payload);
  matchIdentity(statement, { publisher: trustedPublisher(request.trust) });
  matchIdentity(statement, request.expected ?? {});
  requireArchive(statement, request);
  const digests = {
    envelopeSha256: sha256Hex(request.envelope),
    statementSha256: sha256Hex(signed.payload),
  };
  return { ...statement, signers: signed.signers, ...digests } as VerifiedStatement;
}

/**
 * Reads what an envelope claims and holds it against the archive, without looking at a signature: whose keys to ask
 * for, and the offline verdict "consistent, signer unknown". Nothing here proves who made it.
 * @throws Refusal `envelope_*`, `statement_*` or `signed_archive_differs`
 */
export function readUnverifiedStatement(evidence: PackageEvidence): PackageStatement {
  const envelope = parseEnvelope(evidence.envelope, STATEMENT_PAYLOAD_TYPE);
  const statement = parseStatement(envelope.payload);
  requireArchive(statement, evidence);
  return statement;
}

/** What was signed is what is opened: unsigned bytes never reach the reader of archives. */
function requireArchive(statement: PackageStatement, evidence: PackageEvidence): void {
  if (statement.archiveSize !== evidence.archiveSize)
    throw new Refusal('signed_archive_differs', {
      detail: `The archive has ${evidence.archiveSize} bytes; ${statement.archiveSize} were signed.`,
    });
  if (statement.archiveSha256 !== evidence.archiveSha256)
    throw new Refusal('signed_archive_differs', {
      detail: `The archive has the SHA-256 ${evidence.archiveSha256}; ${statement.archiveSha256} was signed.`,
    });
}

/**
 * Refuses a statement replayed for another publisher, plugin or version.
 * @param expected what the request or the manifest says; absent members are not compared
 * @throws Refusal `statement_other_publisher`, `statement_other_plugin` or `statement_other_version`
 */
export function matchIdentity(statement: PackageStatement, expected: Partial<PackageIdentity>): void {
  const codes = {
    publisher: 'statement_other_publisher',
    plugin: 'statement_other_plugin',
    version: 'statement_other_version',
  } as const;
  for (const name of ['publisher', 'plugin', 'version'] as const) {
    const wanted = expected[name];
    if (wanted !== undefined && wanted !== statement[name])
      throw new Refusal(codes[name], {
        detail: `The statement says ${quote(statement[name])}; it must be ${quote(wanted)}.`,
      });
  }
}

/** Enough differences to see what happened; a hostile archive could list thousands. */
const DIFFERENCES_MAX = 20;

/**
 * Holds the signed list against what was read, in both directions: a file too many is as wrong as one too few.
 * @param entries every regular file of the archive, as read, in any order
 * @throws Refusal `signed_files_differ` with a violation per file, at most 20
 */
export function matchFileList<Statement extends PackageStatement>(
  statement: Statement,
  entries: readonly FileDigest[],
): FilesMatched<Statement> {
  const read = new Map(entries.map((entry) => [entry.path, entry]));
  const signed = new Set(statement.files.map((file) => file.path));
  const differences = [
    ...statement.files.flatMap((file) => compareFile(file, read.get(file.path))),
    ...entries.filter((entry) => !signed.has(entry.path)).map((entry) => difference(entry, 'was not signed')),
    ...(read.size < entries.length ? [{ pointer: '', message: 'The archive has a file twice.' }] : []),
  ];
  const [first] = differences;
  if (!first) return statement as FilesMatched<Statement>;
  throw new Refusal('signed_files_differ', {
    detail: differences.length === 1 ? first.message : `${first.message} And ${differences.length - 1} more.`,
    violations: differences.slice(0, DIFFERENCES_MAX),
  });
}

function compareFile(signed: FileDigest, read: FileDigest | undefined): Violation[] {
  if (!read) return [difference(signed, 'was signed but is not in the archive')];
  if (read.size !== signed.size)
    return [difference(signed, `has ${read.size} bytes; ${signed.size} were signed`)];
  if (read.sha256 !== signed.sha256) return [difference(signed, 'has other content than was signed')];
  return [];
}

function difference(file: FileDigest, what: string): Violation {
  return { pointer: file.path, message: `${quote(file.path)} ${what}.` };
}
