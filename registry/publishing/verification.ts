import { contentsDigest, matchFileList, matchIdentity, type PackageIdentity } from '../../signing/index.ts';
import { splitPluginId } from '../../spec/plugin-id.ts';
import { Fault } from '../../spec/refusal.ts';
import type { Inspected } from './inspection.ts';
import type { PublishingPorts } from './ports.ts';
import { type PublisherAuthority, requirePublisher } from './publisher.ts';

declare const verified: unique symbol;

/** A package of which signature, archive and manifest say the same, by someone who may publish it. */
export type Verified = Inspected & {
  readonly identity: PackageIdentity;
  readonly authority: PublisherAuthority;
  /** Go's `h1:` digest over the files. */
  readonly contents: string;
  readonly manifestSha256: string;
  readonly [verified]: true;
};

/** @throws Refusal `statement_other_*`, `signed_files_differ`, or as `requirePublisher` */
export async function verifyUpload(ports: PublishingPorts, upload: Inspected): Promise<Verified> {
  const { attestation, read, inspection } = upload;
  const { publisher, name } = splitPluginId(inspection.manifest.id);
  const identity = { publisher, plugin: name, version: inspection.manifest.version };
  const manifest = read.entries.find((entry) => entry.path === 'manifest.json');
  if (!manifest) throw new Fault('a manifest was read that is no file of the package');
  const facts = { identity, contents: contentsDigest(read.entries), manifestSha256: manifest.sha256 };
  if (attestation.kind === 'unsigned') {
    const authority = await ports.database.transaction({ kind: 'instance' }, (tx) =>
      requirePublisher(tx, upload, publisher),
    );
    return { ...upload, ...facts, authority } as Verified;
  }
  matchIdentity(attestation.statement, identity);
  matchFileList(attestation.statement, read.entries);
  return { ...upload, ...facts, authority: attestation.authority } as Verified;
}
