import type { Transaction } from '../../database/index.ts';
import { Refusal } from '../../spec/refusal.ts';
import { type Plugin, PluginEntity, type PluginVersion, PluginVersionEntity } from '../entities/index.ts';
import type { Locked } from './locking.ts';

declare const claimed: unique symbol;

/** A version that nobody has published, under a plugin that is locked until the transaction ends. */
export type Claimed = Locked & {
  /** Absent where this is the first version of the plugin. */
  readonly plugin: Plugin | undefined;
  readonly [claimed]: true;
};

export type Claim =
  | { readonly kind: 'free'; readonly claimed: Claimed }
  | { readonly kind: 'taken'; readonly plugin: Plugin; readonly version: PluginVersion };

/**
 * Of two uploads at once the second finds what the first stored, because it waited for the lock of the name.
 * @returns `taken` where the same bytes were published under this version before
 * @throws Refusal `version_exists` or `visibility_differs`
 */
export async function claimVersion(tx: Transaction, upload: Locked): Promise<Claim> {
  const { publisher, plugin: name, version } = upload.identity;
  const plugin = (await tx.em.findOne(PluginEntity, { publisher, name })) ?? undefined;
  if (!plugin) return { kind: 'free', claimed: { ...upload, plugin } as Claimed };
  if (plugin.visibility !== upload.destination.kind) throw visibilityDiffers(plugin);
  const taken = await tx.em.findOne(PluginVersionEntity, { plugin: plugin.id, version });
  if (!taken) return { kind: 'free', claimed: { ...upload, plugin } as Claimed };
  if (taken.archiveDigest !== upload.archiveSha256) throw versionExists(upload, taken);
  return { kind: 'taken', plugin, version: taken };
}

function versionExists(upload: Locked, taken: PluginVersion): Refusal {
  const { publisher, plugin, version } = upload.identity;
  return new Refusal('version_exists', {
    detail: `${publisher}/${plugin} ${version} was published with the SHA-256 ${taken.archiveDigest}; this archive has ${upload.archiveSha256}.`,
  });
}

function visibilityDiffers(plugin: Plugin): Refusal {
  return new Refusal('visibility_differs', {
    detail: `${plugin.publisher}/${plugin.name} is ${plugin.visibility}.`,
  });
}
