/** What the code uses and the manifest contributes, and the permissions that it does not ask for. */
import { coversPermission, type Permission } from '../../spec/permission.ts';
import { toPointer } from '../../spec/strict-json.ts';
import type { Report } from './finding.ts';
import type { Subject } from './rule.ts';

export function findUndeclaredPermissions({ manifest, modules }: Subject): Report[] {
  const declared = new Set((manifest.permissions ?? []).map((permission) => permission.name));
  return modules.hostUses
    .filter((use) => !use.permissions.some((permission) => declared.has(permission)))
    .map(({ api, permissions, pointer }) => ({
      pointer,
      message: `${api === 'fetch' ? 'fetch()' : `host.${api}`} needs the permission ${permissions.join(' or ')}, which the manifest does not ask for`,
    }));
}

/** Events that nobody could be granted: a subscription that hears nothing, a declared event that cannot be told. */
export function findUncoveredEvents({ manifest }: Subject): Report[] {
  const { subscribes = [], emits = {} } = manifest.contributes?.events ?? {};
  const asked = manifest.permissions ?? [];
  return [
    ...subscribes.flatMap((name, index) =>
      uncovered(asked, { name: 'events.subscribe', scope: [name] }, ['subscribes', String(index)]),
    ),
    ...Object.keys(emits).flatMap((name) =>
      uncovered(asked, { name: 'events.emit', scope: [name] }, ['emits', name]),
    ),
  ];
}

/** Plugins that may be granted, and cannot be called all the same: only what is declared as a dependency can. */
export function findUndeclaredCallees({ manifest }: Subject): Report[] {
  const declared = new Set(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }));
  return (manifest.permissions ?? []).flatMap(({ name, scope = [] }, index) =>
    name !== 'plugins.call'
      ? []
      : scope.flatMap((plugin, entry) =>
          declared.has(plugin)
            ? []
            : [
                {
                  pointer: toPointer(['permissions', String(index), 'scope', String(entry)]),
                  message: `${plugin} is to be called, and is none of the dependencies of the manifest`,
                },
              ],
        ),
  );
}

function uncovered(asked: readonly Permission[], needed: Permission, place: string[]): Report[] {
  if (asked.some((permission) => coversPermission(permission, needed))) return [];
  const [event = ''] = needed.scope ?? [];
  const does = needed.name === 'events.emit' ? 'is declared to be emitted' : 'is subscribed to';
  return [
    {
      pointer: toPointer(['contributes', 'events', ...place]),
      message: `${event} ${does}, and no permission ${needed.name} of the manifest covers it`,
      hint: `Add { "name": "${needed.name}", "scope": ["${event}"], "reason": "…" } to the permissions.`,
    },
  ];
}
