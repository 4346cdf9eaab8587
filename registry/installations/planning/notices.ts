/** What an administrator should know before consenting: advisories, names that clash, what is still missing. */
import type { JsonObject } from '../../../spec/json.ts';
import type { Manifest } from '../../../spec/manifest.ts';
import type { PluginId } from '../../../spec/plugin-id.ts';
import { configViolations, effectiveConfig } from '../../../spec/plugin-config.ts';
import { lackingSecrets } from '../secrets.ts';
import type { Advisory, NameConflict, PlanAnswer, PlanChange } from './plan.ts';
import type { InstalledPlugin, OfferedVersion, OfferedVersions, World } from './world.ts';

/** A version that comes in, and what it replaces. */
export type Incoming = { readonly version: OfferedVersion; readonly held: InstalledPlugin | undefined };

export function incomingOf(
  changes: readonly PlanChange[],
  world: World,
  offered: OfferedVersions,
): Incoming[] {
  return changes.flatMap(({ kind, plugin, toVersion }) => {
    if (kind === 'keep' || toVersion === null) return [];
    const version = offered.find(plugin, toVersion);
    return version ? [{ version, held: world.installed.get(plugin) }] : [];
  });
}

export function advisoriesOf(incoming: readonly Incoming[]): Advisory[] {
  return incoming.flatMap(({ version, held }) => [
    ...stateAdvisories(version),
    ...changeAdvisories(version, held),
  ]);
}

function stateAdvisories(offered: OfferedVersion): Advisory[] {
  const { plugin, version, yankReason, deprecation, signature } = offered;
  const advisories: Advisory[] = [];
  if (yankReason !== null) {
    advisories.push({
      kind: 'yanked',
      plugin,
      message: `${plugin} ${version} was yanked: ${yankReason || 'no reason given'}.`,
    });
  }
  if (deprecation !== null) {
    advisories.push({
      kind: 'deprecated',
      plugin,
      message: `${plugin} ${version} is deprecated: ${deprecation}`,
    });
  }
  if (signature === 'unsigned') {
    advisories.push({ kind: 'unsigned', plugin, message: `${plugin} ${version} carries no signature.` });
  }
  if (signature === 'untrusted') {
    const message = `The keys that signed ${plugin} ${version} are no longer trusted.`;
    advisories.push({ kind: 'untrusted', plugin, message });
  }
  return advisories;
}

function changeAdvisories(offered: OfferedVersion, held: InstalledPlugin | undefined): Advisory[] {
  if (!held) return [];
  const { plugin, version } = offered;
  const advisories: Advisory[] = [];
  if (!offered.keyIds.some((key) => held.keyIds.includes(key)) && held.keyIds.length > 0) {
    const message = `${plugin} ${version} is signed by none of the keys that signed ${held.version}.`;
    advisories.push({ kind: 'keysChanged', plugin, message });
  }
  if (offered.ownerOrgId !== held.ownerOrgId) {
    const message = `${plugin} belongs to another organization than when ${held.version} was installed.`;
    advisories.push({ kind: 'ownerChanged', plugin, message });
  }
  return advisories;
}

/** Names that at most one plugin of an organization can have; each with all who claim it after the plan. */
export function conflictsOf(
  changes: readonly PlanChange[],
  world: World,
  offered: OfferedVersions,
): NameConflict[] {
  const claims = new Map<string, { kind: NameConflict['kind']; name: string; plugins: PluginId[] }>();
  for (const { plugin, toVersion } of changes) {
    if (toVersion === null) continue;
    for (const [kind, name] of exclusiveNames(manifestOf(plugin, toVersion, world, offered))) {
      const key = `${kind} ${name}`;
      const claim = claims.get(key) ?? { kind, name, plugins: [] };
      claim.plugins.push(plugin);
      claims.set(key, claim);
    }
  }
  return [...claims.values()]
    .filter(({ plugins }) => plugins.length > 1)
    .map((claim) => ({
      ...claim,
      message: `${claim.plugins.join(' and ')} both bring the ${claim.kind === 'recordType' ? 'record type' : claim.kind} ${claim.name}.`,
    }));
}

function manifestOf(
  plugin: PluginId,
  version: string,
  world: World,
  offered: OfferedVersions,
): Manifest | undefined {
  const held = world.installed.get(plugin);
  return held?.version === version ? held.manifest : offered.find(plugin, version)?.manifest;
}

function exclusiveNames(manifest: Manifest | undefined): [NameConflict['kind'], string][] {
  const parts = manifest?.contributes ?? {};
  return [
    ...(parts.commands ?? []).map(({ name }): [NameConflict['kind'], string] => ['command', name]),
    ...(parts.actions ?? []).map(({ name }): [NameConflict['kind'], string] => ['action', name]),
    ...(parts.modules ?? []).flatMap(({ name, recordTypes = [] }): [NameConflict['kind'], string][] => [
      ...(name === undefined ? [] : [['module', name] as [NameConflict['kind'], string]]),
      ...recordTypes.map((type): [NameConflict['kind'], string] => ['recordType', type.name]),
    ]),
  ];
}

type Missing = Pick<PlanAnswer, 'missingConfig' | 'missingSecrets'>;

/** What has to be given before the activation. */
export function missingOf(incoming: readonly Incoming[], world: World): Missing {
  const missingConfig = incoming.flatMap(({ version: { plugin, manifest }, held }) => {
    const config = effectiveConfig(manifest, instanceLayer(plugin, world), held?.config ?? {});
    const violations = configViolations(manifest, config);
    return violations.length > 0 ? [{ plugin, violations }] : [];
  });
  const missingSecrets = incoming.flatMap(({ version: { plugin, manifest }, held }) =>
    lackingSecrets(manifest, world.heldSecrets.get(held?.installationId ?? '')).map((secret) => ({
      plugin,
      secret,
    })),
  );
  return { missingConfig, missingSecrets };
}

function instanceLayer(plugin: PluginId, world: World): JsonObject {
  return world.instanceConfig.get(plugin) ?? {};
}
