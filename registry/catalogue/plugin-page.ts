import type { Database } from '../../database/index.ts';
import type { Manifest } from '../../spec/manifest.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Fault, Refusal } from '../../spec/refusal.ts';
import type { BlobRange, BlobStore, OpenBlob } from '../blobs/index.ts';
import {
  type Plugin,
  type PluginVersion,
  PluginVersionEntity,
  type SignatureState,
  type StoredFile,
  type StoredFinding,
  type VersionState,
  type Visibility,
} from '../entities/index.ts';
import { findPlugin, findVersion, type FoundVersion } from './find-version.ts';
import { scopeOfViewer, seesUnapproved, type Viewer } from './viewer.ts';

export type PluginPage = {
  readonly id: PluginId;
  readonly ownerOrgId: string;
  readonly visibility: Visibility;
  readonly createdAt: Date;
  /** The newest version that is offered, and what it says of itself; absent while none is. */
  readonly latestVersion: string | undefined;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly type: string | undefined;
  readonly category: string | undefined;
  /** Newest first. */
  readonly versions: readonly VersionSummary[];
};

export type VersionSummary = {
  readonly version: string;
  readonly state: VersionState;
  readonly stateReason: string | undefined;
  /** `unsigned` and `untrusted` are to be shown wherever the version is. */
  readonly signature: SignatureState;
  readonly archiveSha256: string;
  readonly archiveBytes: number;
  readonly acceptedAt: Date;
  readonly yanked: { readonly at: Date; readonly reason: string } | undefined;
  readonly deprecated:
    | { readonly at: Date; readonly reason: string; readonly replacement: string | undefined }
    | undefined;
};

export type VersionDetail = VersionSummary & {
  readonly plugin: PluginId;
  readonly visibility: Visibility;
  readonly ownerOrgId: string;
  readonly manifest: Manifest;
  readonly manifestSha256: string;
  /** Go's `h1:` digest over the files. */
  readonly contents: string;
  readonly keyIds: readonly string[];
  readonly statementSha256: string | undefined;
  /** When the envelope was accepted: the time at which its keys are judged. */
  readonly signedAt: Date | undefined;
  readonly findings: readonly StoredFinding[];
};

/** @throws Refusal `not_found` */
export async function describePlugin(database: Database, viewer: Viewer, id: string): Promise<PluginPage> {
  return database.transaction(scopeOfViewer(viewer), async (tx) => {
    const plugin = await findPlugin(tx, viewer, id);
    const states: VersionState[] = seesUnapproved(viewer, plugin.ownerOrgId)
      ? ['held', 'approved', 'rejected', 'revoked']
      : ['approved'];
    const versions = await tx.em.find(
      PluginVersionEntity,
      { plugin: plugin.id, state: { $in: states } },
      // The large columns stay behind: a plugin may have hundreds of versions.
      { orderBy: { versionOrder: 'desc' }, exclude: ['manifest', 'findings'] },
    );
    return {
      id: idOf(plugin),
      ownerOrgId: plugin.ownerOrgId,
      visibility: plugin.visibility,
      createdAt: plugin.createdAt,
      latestVersion: plugin.latestVersion ?? undefined,
      title: plugin.title ?? undefined,
      description: plugin.description ?? undefined,
      type: plugin.type ?? undefined,
      category: plugin.category ?? undefined,
      versions: versions.map((version) => summarizeVersion(version)),
    };
  });
}

/** @throws Refusal `not_found` */
export async function describeVersion(
  database: Database,
  viewer: Viewer,
  id: string,
  version: string,
): Promise<VersionDetail> {
  const found = await find(database, viewer, id, version);
  return {
    ...summarizeVersion(found.version),
    plugin: idOf(found.plugin),
    visibility: found.plugin.visibility,
    ownerOrgId: found.plugin.ownerOrgId,
    manifest: found.version.manifest,
    manifestSha256: found.version.manifestDigest,
    contents: found.version.contents,
    keyIds: found.version.keyIds,
    statementSha256: found.version.statementDigest ?? undefined,
    signedAt: found.version.signedAt ?? undefined,
    findings: found.version.findings,
  };
}

/**
 * Opens the archive as it came in.
 * @param range bytes that lie inside the archive; whoever asks checks it against `archiveBytes` of the version
 * @throws Refusal `not_found`
 */
export async function openArchive(
  ports: { readonly database: Database; readonly blobs: BlobStore },
  viewer: Viewer,
  address: { readonly id: string; readonly version: string },
  range?: BlobRange,
): Promise<OpenBlob & { readonly sha256: string }> {
  const { version } = await find(ports.database, viewer, address.id, address.version);
  const blob = await ports.blobs.open(version.archiveDigest, range);
  if (!blob) throw new Fault(`the blob ${version.archiveDigest} of a stored version is missing`);
  return { ...blob, sha256: version.archiveDigest };
}

/** @returns the envelope as it came in. @throws Refusal `not_found`, also for an unsigned version */
export async function readEnvelope(
  database: Database,
  viewer: Viewer,
  id: string,
  version: string,
): Promise<Uint8Array> {
  const found = await find(database, viewer, id, version, ['envelope']);
  const envelope: unknown = found.version.envelope;
  if (envelope instanceof Uint8Array) return envelope;
  throw new Refusal('not_found', { detail: 'This version is not signed, so it has no envelope.' });
}

/** @returns every regular file, by path. @throws Refusal `not_found` */
export async function listFiles(
  database: Database,
  viewer: Viewer,
  id: string,
  version: string,
): Promise<readonly StoredFile[]> {
  const found = await find(database, viewer, id, version, ['files']);
  return found.version.files;
}

function find(
  database: Database,
  viewer: Viewer,
  id: string,
  version: string,
  lazy: readonly ('files' | 'envelope')[] = [],
): Promise<FoundVersion> {
  return database.transaction(scopeOfViewer(viewer), (tx) => findVersion(tx, viewer, id, version, lazy));
}

export function idOf(plugin: Pick<Plugin, 'publisher' | 'name'>): PluginId {
  return `${plugin.publisher}/${plugin.name}`;
}

/** The columns of a version that its summary shows. */
type SummaryColumns = Pick<
  PluginVersion,
  | 'version'
  | 'state'
  | 'stateReason'
  | 'signature'
  | 'archiveDigest'
  | 'archiveBytes'
  | 'acceptedAt'
  | 'yankedAt'
  | 'yankReason'
  | 'deprecatedAt'
  | 'deprecationReason'
  | 'replacement'
>;

export function summarizeVersion(version: SummaryColumns): VersionSummary {
  const { yankedAt, deprecatedAt } = version;
  return {
    version: version.version,
    state: version.state,
    stateReason: version.stateReason ?? undefined,
    signature: version.signature,
    archiveSha256: version.archiveDigest,
    archiveBytes: version.archiveBytes,
    acceptedAt: version.acceptedAt,
    yanked: yankedAt ? { at: yankedAt, reason: version.yankReason ?? '' } : undefined,
    deprecated: deprecatedAt
      ? {
          at: deprecatedAt,
          reason: version.deprecationReason ?? '',
          replacement: version.replacement ?? undefined,
        }
      : undefined,
  };
}
