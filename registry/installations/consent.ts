/** Consent: an administrator's answer to the permissions that a plan asks for. */
import { coversPermission, describePermission, type Permission } from '../../spec/permission.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal, type Violation } from '../../spec/refusal.ts';
import { grantFaults, toGrant } from './grant.ts';
import type { PermissionRequest } from './planning/plan.ts';

/** Who answers, and what is granted to which plugin: each grant whole as asked, or narrower. */
export type Consent = {
  readonly grants: readonly { readonly plugin: PluginId; readonly permission: Permission }[];
};

declare const consented: unique symbol;
/** Grants by plugin that were held against a plan: they cover what it asks, and nothing else. */
export type ConsentedGrants = ReadonlyMap<PluginId, readonly Permission[]> & { readonly [consented]: true };

/**
 * @throws Refusal `consent_missing` with every permission that is not granted, `consent_excessive` with every grant
 * that was not asked for or is wider than asked
 */
export function checkConsent(asked: readonly PermissionRequest[], consent: Consent): ConsentedGrants {
  refuseExcess(asked, consent);
  refuseGaps(asked, consent);
  const grants = new Map<PluginId, Permission[]>();
  for (const { plugin, permission } of consent.grants) {
    grants.set(plugin, [...(grants.get(plugin) ?? []), toGrant(permission)]);
  }
  return grants as unknown as ConsentedGrants;
}

function refuseExcess(asked: readonly PermissionRequest[], consent: Consent): void {
  const violations = consent.grants.flatMap(({ plugin, permission }, index): Violation[] => {
    const pointer = `/grants/${index}`;
    const faults = grantFaults(permission);
    if (faults.length > 0) return faults.map((message) => ({ pointer, message }));
    const wasAsked = asked.some(
      (request) => request.plugin === plugin && coversPermission(request.permission, permission),
    );
    return wasAsked
      ? []
      : [{ pointer, message: `${plugin} does not ask for ${permission.name} to this extent` }];
  });
  if (violations.length === 0) return;
  throw new Refusal('consent_excessive', {
    detail: `The consent has ${violations.length} grant(s) that the plan does not ask for.`,
    violations,
  });
}

function refuseGaps(asked: readonly PermissionRequest[], consent: Consent): void {
  const missing = asked.filter(
    (request) =>
      !consent.grants.some(
        ({ plugin, permission }) =>
          request.plugin === plugin && coversPermission(request.permission, permission),
      ),
  );
  if (missing.length === 0) return;
  throw new Refusal('consent_missing', {
    detail: `${missing.length} permission(s) of the plan are not granted: ${missing
      .map((request) => `${request.permission.name} for ${request.plugin}`)
      .join(', ')}.`,
    violations: missing.map((request) => ({
      pointer: '/grants',
      message: `${request.plugin} asks for ${request.permission.name}: ${describePermission(request.permission)}`,
    })),
  });
}
