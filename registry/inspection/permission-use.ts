/** Host APIs that the code uses and the manifest does not ask for. */
import type { Report, Subject } from './rule.ts';

export function findUndeclaredPermissions({ manifest, modules }: Subject): Report[] {
  const declared = new Set((manifest.permissions ?? []).map((permission) => permission.name));
  return modules.hostUses
    .filter((use) => !use.permissions.some((permission) => declared.has(permission)))
    .map(({ api, permissions, pointer }) => ({
      pointer,
      message: `${api === 'fetch' ? 'fetch()' : `host.${api}`} needs the permission ${permissions.join(' or ')}, which the manifest does not ask for`,
    }));
}
