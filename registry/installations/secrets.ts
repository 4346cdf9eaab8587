/** The secrets that a version needs before it can be activated. Which are set is told by a port: never a value. */
import type { Transaction } from '../../database/index.ts';
import type { Manifest } from '../../spec/manifest.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';

/** Names that are set, by the id of the installation. */
export type HeldSecrets = ReadonlyMap<string, ReadonlySet<string>>;

/** @param tx in the scope of the organization */
export type SecretsPort = (tx: Transaction, orgId: string) => Promise<HeldSecrets>;

/** @returns the names that the manifest requires and that are not set, in its order */
export function lackingSecrets(manifest: Manifest, held: ReadonlySet<string> | undefined): string[] {
  return Object.entries(manifest.secrets ?? {}).flatMap(([name, { required }]) =>
    required && !held?.has(name) ? [name] : [],
  );
}

/** @throws Refusal `secret_missing` with every secret that is not set */
export function requireSecrets(
  installation: { readonly id: string; readonly plugin: PluginId },
  manifest: Manifest,
  held: HeldSecrets,
): void {
  const lacking = lackingSecrets(manifest, held.get(installation.id));
  if (lacking.length === 0) return;
  throw new Refusal('secret_missing', {
    detail: `${installation.plugin} ${manifest.version} needs the secrets ${lacking.join(', ')}, which are not set.`,
    violations: lacking.map((name) => ({ pointer: `/secrets/${name}`, message: 'is not set' })),
    extensions: { plugin: installation.plugin, secrets: lacking },
  });
}
