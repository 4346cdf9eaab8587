/** A plugin folder, ready to be run: packed, read and inspected as a server would, with all that it asks for granted. */
import { type Finding, inspectPackage } from '../../registry/inspection/index.ts';
import type { Guest } from '../../sandbox/index.ts';
import { declaredHandlers } from '../../spec/handler.ts';
import type { Manifest } from '../../spec/manifest.ts';
import { effectiveConfig, requireFittingConfig } from '../../spec/plugin-config.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { Io } from '../io.ts';
import { packFolder } from '../pack-folder.ts';
import { sourcePlaces } from '../source-places.ts';
import { type DevValues, readDevValues } from './dev-values.ts';

export const DEV_ORG = { id: 'dev', slug: 'dev' } as const;

export type DevPlugin = {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly values: DevValues;
  readonly findings: readonly Finding[];
  /** The package's files by path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** What was bundled, as absolute paths; some may lie outside the folder. */
  readonly sources: readonly string[];
  readonly guest: Guest;
  /** Equal for two loads that differ in nothing. */
  readonly fingerprint: string;
};

/**
 * @param load counts the loads of this session, so that each has an isolate of its own
 * @throws Refusal as `souk check`, `readDevValues`, and `config_invalid`
 */
export async function loadDevPlugin(io: Io, folder: string, load: number): Promise<DevPlugin> {
  const values = await readDevValues(io, folder);
  const { read, sources } = await packFolder(io, folder);
  const { manifest, findings } = inspectPackage(read, { knownPluginIds: [] }, sourcePlaces(read));
  requireFittingConfig(manifest.id, manifest, effectiveConfig(manifest, {}, values.config));
  const guest = guestOf(manifest, values, { digest: read.archiveSha256, load });
  const { secrets, deny, ...plain } = values;
  const fingerprint = JSON.stringify([guest.digest, [...secrets], [...deny], plain]);
  return { folder, manifest, values, findings, files: read.files, sources, guest, fingerprint };
}

/** Tier reviewed: what a package has that is signed and approved. */
function guestOf(
  manifest: Manifest,
  values: DevValues,
  { digest, load }: { readonly digest: string; readonly load: number },
): Guest {
  return {
    installationId: `${manifest.id}#${load}`,
    org: DEV_ORG,
    plugin: { id: manifest.id, version: manifest.version },
    digest,
    main: manifest.main,
    tier: 'reviewed',
    grants: (manifest.permissions ?? []).filter(({ name }) => !values.deny.has(name)),
    revision: String(load),
    config: effectiveConfig(manifest, {}, values.config),
    dependencies: Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }) as PluginId[],
    handlers: declaredHandlers(manifest),
  };
}
