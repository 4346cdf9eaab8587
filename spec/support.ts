/**
 * What this version of Souk can run. A manifest that uses more is refused with `contribution_not_supported`, never
 * taken with a part of it ignored.
 */
import type { Manifest } from './manifest.ts';
import { PERMISSION_CATALOGUE } from './permission.ts';
import type { Violation } from './refusal.ts';

/** The version that `engines.souk` is compared with. */
export const SOUK_VERSION = '1.0.0';

/** @returns each part of the manifest that has no runtime in this version */
export function unsupportedParts(manifest: Manifest): Violation[] {
  return [...unsupportedContributions(manifest), ...unsupportedPermissions(manifest)];
}

function unsupportedContributions(manifest: Manifest): Violation[] {
  const parts = manifest.contributes ?? {};
  const used: [string, number][] = [
    ['/contributes/pages', parts.pages?.length ?? 0],
    ['/contributes/theme', Object.keys(parts.theme ?? {}).length],
    ['/contributes/migrations', parts.migrations === undefined ? 0 : 1],
  ];
  return used
    .filter(([, count]) => count > 0)
    .map(([pointer]) => ({
      pointer,
      message: `Souk ${SOUK_VERSION} has no runtime for this contribution yet`,
    }));
}

function unsupportedPermissions(manifest: Manifest): Violation[] {
  return (manifest.permissions ?? []).flatMap((permission, index) =>
    PERMISSION_CATALOGUE[permission.name].supported
      ? []
      : [
          {
            pointer: `/permissions/${index}`,
            message: `Souk ${SOUK_VERSION} has no capability behind ${permission.name} yet`,
          },
        ],
  );
}
