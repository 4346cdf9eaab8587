/**
 * The fingerprint of what a plan was computed from: SHA-256 over a JSON text of the organization's installed set
 * (each plugin with its version, digest and revision, by name) and of the packages that the plan brings in (each with
 * its digest, signature, yank and deprecation). What runs, and what else the catalogue has, does not count: neither
 * makes a plan wrong.
 */
import { sha256Hex } from '../../../signing/digest.ts';
import type { PlanStep } from './plan.ts';
import type { InstalledPlugin, OfferedVersions } from './world.ts';

/** @returns 64 hexadecimal digits, or undefined when a package that the plan brings in is no longer offered */
export function fingerprintOf(
  steps: readonly PlanStep[],
  held: Iterable<InstalledPlugin>,
  offered: OfferedVersions,
): string | undefined {
  const installed = [...held]
    .map(({ plugin, version, digest, revision }) => [plugin, version, digest, revision])
    .sort();
  const incoming: unknown[] = [];
  for (const step of steps) {
    if (step.kind === 'remove' || step.kind === 'hold') continue;
    const found = offered.find(step.plugin, step.version);
    if (found?.digest !== step.digest) return undefined;
    const { plugin, version, digest, signature, yankReason, deprecation } = found;
    incoming.push([plugin, version, digest, signature, yankReason, deprecation]);
  }
  return sha256Hex(Buffer.from(JSON.stringify([installed, incoming]), 'utf8'));
}
