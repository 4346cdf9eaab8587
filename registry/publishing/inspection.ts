import type { PluginId } from '../../spec/plugin-id.ts';
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
  const knownPluginIds = await namesToCompare(ports, upload);
  const { archive, read, inspection } = await ports.reader.read(upload.archive, { knownPluginIds });
  // What was hashed and verified is what was read.
  if (read.archiveSha256 !== upload.archiveSha256) throw new Fault('another archive was read than came in');
  return { ...upload, archive, read, inspection } as Inspected;
}

/**
 * The public plugins, of other publishers, of which a new public name could be a look-alike. A name that exists is not
 * new, and in its own private registry an org names things as it likes. Private names are never compared: a finding
 * would tell them.
 */
async function namesToCompare(ports: PublishingPorts, upload: Attested): Promise<PluginId[]> {
  const { attestation, destination } = upload;
  if (destination.kind === 'private' || attestation.kind === 'unsigned') return [];
  const { publisher, plugin } = attestation.statement;
  return ports.database.transaction({ kind: 'instance' }, async ({ em }) => {
    const rows = await em.execute<{ id: PluginId }[]>(
      `select publisher || '/' || name as id from plugin where visibility = 'public' and publisher <> ?
         and not exists (select 1 from plugin where publisher = ? and name = ?)`,
      [publisher, publisher, plugin],
    );
    return rows.map(({ id }) => id);
  });
}
