/** Requests as strangers send them: what later code takes for granted is proved here. */
import { isPluginId } from '../../../spec/plugin-id.ts';
import { Refusal } from '../../../spec/refusal.ts';
import { isVersion, readRange } from '../../../spec/version.ts';
import type { OrgLock, PlanRequest } from './plan.ts';

declare const checked: unique symbol;
/** A request whose every part has the type and the form that it claims. */
export type CheckedRequest = PlanRequest & { readonly [checked]: true };

/** More plugins than an organization has; each costs a look-up. */
const LOCK_PLUGINS_MAX = 2_000;
const DIGEST = /^[0-9a-f]{64}$/u;

/** @throws Refusal `plan_request_invalid` */
export function checkRequest(request: PlanRequest): CheckedRequest {
  switch (request.kind) {
    case 'install':
    case 'upgrade':
      requirePluginId(request.plugin);
      if (request.range !== undefined) requireRange(request.range);
      break;
    case 'rollback':
    case 'pin':
      requirePluginId(request.plugin);
      if (request.version !== undefined) requireVersion(request.version);
      break;
    case 'remove':
    case 'unpin':
      requirePluginId(request.plugin);
      break;
    case 'upgradeAll':
      break;
    case 'import':
      requireLock(request.lock);
      break;
  }
  return request as CheckedRequest;
}

function requireLock(lock: unknown): void {
  const { lockVersion, plugins } = (lock ?? {}) as Partial<OrgLock>;
  if (lockVersion !== 1 || !Array.isArray(plugins)) throw invalid('This is not a lock of version 1.');
  if (plugins.length > LOCK_PLUGINS_MAX) throw invalid(`The lock has more than ${LOCK_PLUGINS_MAX} plugins.`);
  const seen = new Set<unknown>();
  for (const entry of plugins as readonly unknown[]) {
    const { plugin, version, digest, range, pinned } = (entry ?? {}) as Partial<OrgLock['plugins'][number]>;
    requirePluginId(plugin);
    requireVersion(version);
    if (range !== null) requireRange(range);
    if (typeof digest !== 'string' || !DIGEST.test(digest))
      throw invalid('A digest of the lock is no SHA-256.');
    if (typeof pinned !== 'boolean') throw invalid('An entry of the lock does not say whether it is pinned.');
    if (seen.has(plugin)) throw invalid(`The lock has ${shown(plugin)} twice.`);
    seen.add(plugin);
  }
}

function requirePluginId(plugin: unknown): void {
  if (typeof plugin !== 'string' || !isPluginId(plugin))
    throw invalid(`${shown(plugin)} is not a plugin id.`);
}

function requireVersion(version: unknown): void {
  if (typeof version !== 'string' || !isVersion(version))
    throw invalid(`${shown(version)} is not an exact version.`);
}

function requireRange(range: unknown): void {
  if (typeof range !== 'string' || readRange(range) === undefined)
    throw invalid(`${shown(range)} is not a semver range.`);
}

/** What was sent, short enough to be read. */
function shown(value: unknown): string {
  return typeof value === 'string'
    ? JSON.stringify(value.slice(0, 80))
    : `a value of the type ${typeof value}`;
}

function invalid(detail: string): Refusal {
  return new Refusal('plan_request_invalid', { detail });
}
