/** What a plan asks an administrator to grant, line by line, with the plugins that cause each line. */
import { describePermission, PERMISSION_CATALOGUE } from '../../../spec/permission.ts';
import type { PluginId } from '../../../spec/plugin-id.ts';
import type { Resolution } from '../../resolver/index.ts';
import { newlyAsked } from '../permission-difference.ts';
import type { Incoming } from './notices.ts';
import type { PermissionRequest } from './plan.ts';

export function permissionRequests(
  incoming: readonly Incoming[],
  resolution: Resolution,
): PermissionRequest[] {
  return incoming.flatMap(({ version: { plugin, manifest }, held }) =>
    newlyAsked(held?.manifest.permissions ?? [], manifest.permissions ?? []).map((permission) => ({
      plugin,
      permission,
      risk: PERMISSION_CATALOGUE[permission.name].risk,
      description: describePermission(permission),
      causedBy: causesOf(plugin, resolution),
    })),
  );
}

function causesOf(plugin: PluginId, resolution: Resolution): PluginId[] {
  const dependants = resolution.plugins.get(plugin)?.dependants ?? [];
  return dependants.filter(({ kind }) => kind === 'required').map(({ from }) => from as PluginId);
}
