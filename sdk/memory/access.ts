/** Who may call an endpoint or a command, by the roles that the manifest proposes: no administrator has mapped any. */
import type { Access, Manifest } from '../../spec/manifest.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { Caller } from '../../spec/run.ts';

type Role = 'member' | 'admin' | 'owner';
/** The highest first. */
export const ROLES: readonly Role[] = ['owner', 'admin', 'member'];

/**
 * Of people alone is it asked: a plugin calls by its grant of `plugins.call`.
 * @param what it is, such as `endpoint`
 * @throws Refusal `authentication_required`, `role_missing`
 */
export function requireAccess(
  manifest: Manifest,
  what: 'endpoint' | 'command',
  access: Access | undefined,
  caller: Caller,
): void {
  if (access === 'public' || caller.kind === 'plugin' || caller.kind === 'system') return;
  if (caller.kind === 'anonymous' || caller.role === null)
    throw new Refusal('authentication_required', { detail: `This ${what} is not public.` });
  const needed = roleNeeded(manifest, access ?? 'member');
  if (ROLES.indexOf(caller.role) <= ROLES.indexOf(needed)) return;
  throw new Refusal('role_missing', {
    detail: `This ${what} is for members whose role is ${needed} or higher.`,
    extensions: { role: needed },
  });
}

function roleNeeded(manifest: Manifest, access: Exclude<Access, 'public'>): Role {
  if (access === 'member' || access === 'admin') return access;
  const action = manifest.contributes?.actions?.find(({ name }) => `action:${name}` === access);
  return action?.default ?? 'admin';
}
