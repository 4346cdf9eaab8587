/** A grant as a caller sends it: checked beyond what its type promises, and cut to what is stored. */
import {
  checkPermissionParameters,
  HTTP_METHODS,
  PERMISSION_NAMES,
  type Permission,
} from '../../spec/permission.ts';

/** @returns a sentence for each fault, empty when it is sound */
export function grantFaults(grant: Permission): string[] {
  if (!PERMISSION_NAMES.includes(grant.name)) return ['this is no permission that Souk knows'];
  const strange = (grant.methods ?? []).filter((method) => !HTTP_METHODS.includes(method));
  if (strange.length > 0 || grant.methods?.length === 0)
    return [`methods are some of ${HTTP_METHODS.join(', ')}`];
  return checkPermissionParameters(grant);
}

/** The reason is the author's word and no part of what was granted. */
export function toGrant({ name, scope, methods }: Permission): Permission {
  return { name, ...(scope ? { scope } : {}), ...(methods ? { methods } : {}) };
}
