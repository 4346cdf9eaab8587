/** An installation, ready to be run: what the gateway and the sandbox need to know, and nothing to look up besides. */
import { declaredHandlers, type HandlerPath } from '../../spec/handler.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Endpoint, Manifest } from '../../spec/manifest.ts';
import type { Permission } from '../../spec/permission.ts';
import { splitPluginId, type PluginId } from '../../spec/plugin-id.ts';
import type { SignatureState } from '../entities/index.ts';
import type { ActionRole } from './action-view.ts';
import { configInEffect } from './config-in-effect.ts';
import type { Seat } from './seat.ts';
import type { InstallationState } from './state.ts';

/** Structurally the `Guest` of the sandbox's ports. */
export type InstalledGuest = {
  readonly installationId: string;
  readonly org: { readonly id: string; readonly slug: string };
  readonly plugin: { readonly id: PluginId; readonly version: string };
  readonly digest: string;
  readonly main: string;
  readonly tier: 'trusted' | 'reviewed' | 'unreviewed';
  readonly grants: readonly Permission[];
  /** Changes whenever version, grants or configuration do. */
  readonly revision: string;
  readonly config: JsonObject;
  readonly dependencies: readonly PluginId[];
  /** What its manifest declares and its default export must have. */
  readonly handlers: readonly HandlerPath[];
};

export type GuestDescription = {
  readonly guest: InstalledGuest;
  /** Of the version that serves; the same array for as long as nothing about the installation changes. */
  readonly endpoints: readonly Endpoint[];
  /** From which role on each right that the plugin defines is held. */
  readonly actions: ReadonlyMap<string, ActionRole>;
  /** Whether calls may go to it: it is active, or still serves while its next version is being activated. */
  readonly active: 'yes' | 'no';
  /** What people are told while safe mode keeps it from running. */
  readonly standstill: string | null;
  readonly state: InstallationState;
  /** Why its last activation failed. */
  readonly reason: string | null;
};

/** What of a row or of a snapshot becomes a guest. */
export type GuestSource = {
  readonly installationId: string;
  readonly pluginId: PluginId;
  readonly version: string;
  readonly digest: string;
  readonly manifest: Manifest;
  readonly signature: SignatureState;
  readonly grants: readonly Permission[];
  readonly config: JsonObject;
  readonly revision: number;
  readonly seat?: Seat | null;
};

/** What lies around every installation of a plugin. */
export type GuestSurroundings = {
  readonly org: { readonly id: string; readonly slug: string };
  readonly instanceConfig: JsonObject;
  /** Grows with every change of the instance's configuration of the plugin. */
  readonly instanceRevision: string;
  readonly trustedPublishers: ReadonlySet<string>;
};

export function guestOf(source: GuestSource, around: GuestSurroundings): InstalledGuest {
  const { manifest, pluginId } = source;
  return {
    installationId: source.installationId,
    org: around.org,
    plugin: { id: pluginId, version: source.version },
    digest: source.digest,
    main: manifest.main,
    tier: tierOf(source, around.trustedPublishers),
    grants: source.grants,
    revision: `${source.revision}.${around.instanceRevision}.${source.digest.slice(0, 16)}`,
    config: configInEffect(source, around.instanceConfig),
    dependencies: Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }) as PluginId[],
    handlers: declaredHandlers(manifest),
  };
}

/** DESIGN section 3: the instance's trust, a signature with approval, or neither. */
function tierOf(
  { pluginId, signature }: GuestSource,
  trustedPublishers: ReadonlySet<string>,
): InstalledGuest['tier'] {
  switch (signature) {
    case 'trusted':
      return trustedPublishers.has(splitPluginId(pluginId).publisher) ? 'trusted' : 'reviewed';
    case 'unsigned':
    case 'untrusted':
      return 'unreviewed';
  }
}
