import { Fault } from '../../spec/refusal.ts';
import type { Inspection } from '../inspection/index.ts';
import type { ReadPackage } from '../package/index.ts';
import type { Attested } from './attestation.ts';
import type { PublishingPorts } from './ports.ts';

declare const inspected: unique symbol;

/** A package that was read by the strict gate and whose content is what its manifest says. */
export type Inspected = Attested & {
  readonly read: ReadPackage;
  readonly inspection: Inspection;
  readonly [inspected]: true;
};

/** @throws Refusal `archive_*`, `manifest_*`, `contribution_not_supported`, `inspection_*` */
export async function inspectUpload(ports: PublishingPorts, upload: Attested): Promise<Inspected> {
  const { knownPluginIds } = upload;
  const { archive, read, inspection } = await ports.reader.read(
    upload.archive,
    { knownPluginIds },
    ownerOf(upload),
  );
  // What was hashed and verified is what was read.
  if (read.archiveSha256 !== upload.archiveSha256) throw new Fault('another archive was read than came in');
  return { ...upload, archive, read, inspection } as Inspected;
}

/** Whoever uploads much keeps others waiting for one package of theirs at a time. */
function ownerOf({ author: { actor } }: Attested): string {
  return actor.kind === 'user' ? actor.userId : actor.kind;
}
