/**
 * What an author signs about a package: an in-toto Statement v1 (in-toto/attestation, spec/v1/statement.md) with one
 * subject, the archive, and Souk's predicate.
 *
 *     {"_type":"https://in-toto.io/Statement/v1",
 *      "subject":[{"name":"<publisher>.<plugin>-<version>.zip","digest":{"sha256":"<hex>"}}],
 *      "predicateType":"https://souk.dev/predicates/package/v1",
 *      "predicate":{"publisher":"…","plugin":"…","version":"…","archiveSize":1,"manifestSha256":"<hex>",
 *        "contents":"h1:<base64>","files":[{"path":"index.js","size":1,"sha256":"<hex>"}]}}
 *
 * `files` has every regular file of the archive, strictly ascending by UTF-8 bytes of the path. What the statement
 * says twice (the manifest's hash, the directory digest) must agree with the list.
 */
import { PACKAGE_LIMITS } from '../spec/limits.ts';
import { isPluginId } from '../spec/plugin-id.ts';
import { Refusal } from '../spec/refusal.ts';
import { isVersion } from '../spec/version.ts';
import { comparePaths, contentsDigest, type FileDigest } from './digest.ts';
import { parseDocument, writeDocument } from './document.ts';
import {
  type Field,
  readConstant,
  readInteger,
  readItems,
  readMembers,
  readSha256,
  readText,
  refuseField,
} from './fields.ts';
import { quote } from './quote.ts';

/** The DSSE payload type of every in-toto statement. */
export const STATEMENT_PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
const PACKAGE_PREDICATE_TYPE = 'https://souk.dev/predicates/package/v1';
const MANIFEST_PATH = 'manifest.json';

/** Which release a statement is about. */
export type PackageIdentity = {
  readonly publisher: string;
  readonly plugin: string;
  readonly version: string;
};

export type PackageStatement = PackageIdentity & {
  readonly archiveSha256: string;
  readonly archiveSize: number;
  readonly manifestSha256: string;
  /** Go's `h1:` digest over `files`. */
  readonly contents: string;
  readonly files: readonly FileDigest[];
};

/** The file name of a release. Neither name has a dot, so that it reads in one way only. */
export function archiveName(identity: PackageIdentity): string {
  return `${identity.publisher}.${identity.plugin}-${identity.version}.zip`;
}

/**
 * Writes the payload that is to be signed.
 * @param archive digest and size in bytes of the whole archive
 * @param files every regular file in it, in any order
 * @throws Refusal `statement_invalid` or `statement_inconsistent`, as `parseStatement` would for the outcome
 */
export function writeStatement(
  identity: PackageIdentity,
  archive: { readonly sha256: string; readonly size: number },
  files: readonly FileDigest[],
): Uint8Array {
  const sorted = files
    .toSorted((left, right) => comparePaths(left.path, right.path))
    .map(({ path, size, sha256 }) => ({ path, size, sha256 }));
  const payload = writeDocument({
    _type: STATEMENT_TYPE,
    subject: [{ name: archiveName(identity), digest: { sha256: archive.sha256 } }],
    predicateType: PACKAGE_PREDICATE_TYPE,
    predicate: {
      publisher: identity.publisher,
      plugin: identity.plugin,
      version: identity.version,
      archiveSize: archive.size,
      manifestSha256: sorted.find((file) => file.path === MANIFEST_PATH)?.sha256 ?? '',
      contents: contentsDigest(sorted),
      files: sorted,
    },
  });
  parseStatement(payload);
  return payload;
}

/**
 * @param payload the decoded payload of an envelope of type `STATEMENT_PAYLOAD_TYPE`
 * @throws Refusal `statement_invalid` or `statement_inconsistent`
 */
export function parseStatement(payload: Uint8Array): PackageStatement {
  const top = parseDocument(payload, 'statement_invalid');
  const { _type, subject, predicateType, predicate } = readMembers(top, [
    '_type',
    'subject',
    'predicateType',
    'predicate',
  ]);
  readConstant(_type, STATEMENT_TYPE);
  readConstant(predicateType, PACKAGE_PREDICATE_TYPE);
  const described = readPredicate(predicate);
  const archiveSha256 = readSubject(subject, archiveName(described));
  const statement = { ...described, archiveSha256 };
  requireConsistent(statement);
  return statement;
}

/** Exactly one subject with exactly one digest: a second one would leave open which of them was meant. */
function readSubject(field: Field, expectedName: string): string {
  const [item, ...others] = readItems(field, 1);
  if (!item || others.length > 0) return refuseField(field, 'does not hold exactly one subject');
  const { name, digest } = readMembers(item, ['name', 'digest']);
  readConstant(name, expectedName);
  return readSha256(readMembers(digest, ['sha256']).sha256);
}

function readPredicate(field: Field): Omit<PackageStatement, 'archiveSha256'> {
  const members = readMembers(field, [
    'publisher',
    'plugin',
    'version',
    'archiveSize',
    'manifestSha256',
    'contents',
    'files',
  ]);
  return {
    ...readIdentity(members),
    archiveSize: readInteger(members.archiveSize, 1, PACKAGE_LIMITS.archiveBytesMax),
    manifestSha256: readSha256(members.manifestSha256),
    contents: readText(members.contents),
    files: readItems(members.files, PACKAGE_LIMITS.entriesMax).map(readFile),
  };
}

function readIdentity(fields: Readonly<Record<keyof PackageIdentity, Field>>): PackageIdentity {
  const publisher = readText(fields.publisher);
  const plugin = readText(fields.plugin);
  if (!isPluginId(`${publisher}/x`)) refuseField(fields.publisher, 'is not the name of a publisher');
  if (!isPluginId(`${publisher}/${plugin}`)) refuseField(fields.plugin, 'is not the name of a plugin');
  return { publisher, plugin, version: readVersion(fields.version) };
}

/** In its one spelling, without build metadata, which would make two names for one order. */
function readVersion(field: Field): string {
  const text = readText(field);
  return isVersion(text) ? text : refuseField(field, 'is not a semantic version without build metadata');
}

function readFile(item: Field): FileDigest {
  const { path, size, sha256 } = readMembers(item, ['path', 'size', 'sha256']);
  return {
    path: readPath(path),
    size: readInteger(size, 0, PACKAGE_LIMITS.fileBytesMax),
    sha256: readSha256(sha256),
  };
}

/** What a path may look like is judged by the reader of the archive; here only what could forge a line or a refusal. */
function readPath(field: Field): string {
  const path = readText(field);
  const bytes = Buffer.byteLength(path, 'utf8');
  if (bytes === 0 || bytes > PACKAGE_LIMITS.nameBytesMax)
    return refuseField(field, `is not a path of 1 to ${PACKAGE_LIMITS.nameBytesMax} bytes`);
  if (/\p{Cc}/u.test(path)) return refuseField(field, 'has a control character');
  return path;
}

function requireConsistent(statement: PackageStatement): void {
  requireAscending(statement.files);
  const manifest = statement.files.find((file) => file.path === MANIFEST_PATH);
  if (manifest?.sha256 !== statement.manifestSha256)
    throw new Refusal('statement_inconsistent', {
      detail: `"manifestSha256" is not the hash that "files" gives for ${MANIFEST_PATH}.`,
    });
  if (contentsDigest(statement.files) !== statement.contents)
    throw new Refusal('statement_inconsistent', { detail: '"contents" is not the h1: digest of "files".' });
}

/** Strictly ascending also means that no path is listed twice. */
function requireAscending(files: readonly FileDigest[]): void {
  const wrong = files.find((file, index) => {
    const before = files[index - 1];
    return before !== undefined && comparePaths(before.path, file.path) >= 0;
  });
  if (wrong)
    throw new Refusal('statement_inconsistent', {
      detail: `${quote(wrong.path)} is out of order or twice in "files".`,
    });
}
