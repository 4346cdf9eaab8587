/** What a plan is computed from, as plain data: the organization's installed set and what the catalogue offers. */
import type { JsonObject } from '../../../spec/json.ts';
import type { Manifest } from '../../../spec/manifest.ts';
import type { Permission } from '../../../spec/permission.ts';
import type { PluginId } from '../../../spec/plugin-id.ts';
import type { SignatureState } from '../../entities/index.ts';
import type { VersionRecord } from '../../resolver/index.ts';
import type { HeldSecrets } from '../secrets.ts';
import type { Seat } from '../seat.ts';
import type { InstallationState } from '../state.ts';

export type InstalledPlugin = {
  readonly installationId: string;
  readonly plugin: PluginId;
  readonly version: string;
  readonly digest: string;
  readonly manifest: Manifest;
  readonly keyIds: readonly string[];
  readonly ownerOrgId: string;
  readonly state: InstallationState;
  readonly range: string | null;
  readonly isPinned: boolean;
  readonly grants: readonly Permission[];
  readonly config: JsonObject;
  readonly revision: number;
  /** Of a global plugin, whose version the instance decides. */
  readonly seat: Seat | null;
};

/** One version that the organization may have. */
export type OfferedVersion = {
  readonly plugin: PluginId;
  readonly version: string;
  readonly digest: string;
  readonly manifest: Manifest;
  readonly signature: SignatureState;
  readonly keyIds: readonly string[];
  readonly ownerOrgId: string;
  readonly yankReason: string | null;
  /** Why it is deprecated, with the plugin to use instead where one is named. */
  readonly deprecation: string | null;
};

/** A version that was in place before, kept for rollback; `withdrawn` where the catalogue no longer offers it. */
export type KeptVersion = {
  readonly snapshotId: string;
  readonly plugin: PluginId;
  readonly version: string;
  readonly digest: string;
  readonly standing: 'offered' | 'withdrawn';
};

export type World = {
  readonly installed: ReadonlyMap<PluginId, InstalledPlugin>;
  /** Everything that the resolver may have to look at, from the installed set and the request on. */
  readonly registry: ReadonlyMap<string, readonly VersionRecord[]>;
  /** Newest first. */
  readonly kept: ReadonlyMap<PluginId, readonly KeptVersion[]>;
  readonly instanceConfig: ReadonlyMap<PluginId, JsonObject>;
  readonly heldSecrets: HeldSecrets;
};

/** Whole versions, for those that a plan brings in. */
export type OfferedVersions = {
  find(plugin: PluginId, version: string): OfferedVersion | undefined;
};

export function versionsByName(versions: readonly OfferedVersion[]): OfferedVersions {
  const byName = new Map(versions.map((offered) => [`${offered.plugin}@${offered.version}`, offered]));
  return { find: (plugin, version) => byName.get(`${plugin}@${version}`) };
}
