/** Which contracts come in with a plan, and who will answer them. */
import type { Manifest } from '../../../spec/manifest.ts';
import type { PluginId } from '../../../spec/plugin-id.ts';
import type { Incoming } from './notices.ts';
import type { ContractNotice, PlanChange } from './plan.ts';
import type { World } from './world.ts';

/** @returns a notice for each contract that a plugin did not implement here before */
export function contractsOf(
  incoming: readonly Incoming[],
  changes: readonly PlanChange[],
  { installed }: World,
): ContractNotice[] {
  const staying = changes.filter(({ kind }) => kind !== 'remove').map(({ plugin }) => plugin);
  const implementersOf = (contract: string): PluginId[] => {
    const coming = incoming.filter(({ version }) => implement(version.manifest, contract));
    const held = staying.filter((plugin) => {
      const row = installed.get(plugin);
      return row !== undefined && implement(row.manifest, contract);
    });
    return [...new Set([...held, ...coming.map(({ version }) => version.plugin)])];
  };
  return incoming.flatMap(({ version: { plugin, manifest }, held }) =>
    (manifest.contributes?.contracts ?? [])
      .filter((contract) => held === undefined || !implement(held.manifest, contract))
      .map((contract) => noticeOf(contract, plugin, implementersOf(contract))),
  );
}

function implement({ contributes }: Manifest, contract: string): boolean {
  return contributes?.contracts?.includes(contract) ?? false;
}

/** @param implementers in the order in which they would answer by default */
function noticeOf(contract: string, plugin: PluginId, implementers: readonly PluginId[]): ContractNotice {
  const besides = implementers.filter((other) => other !== plugin);
  const [first] = implementers;
  const message =
    first === plugin
      ? `${plugin} will answer ${contract}, unless another is bound to it.`
      : `${plugin} implements ${contract}, which ${besides.join(', ')} implements here already; bind it to choose.`;
  return { contract, plugin, besides, message };
}
