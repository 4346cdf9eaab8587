/**
 * What a new version asks for beyond the old one, and what of the grants held it keeps. Both are judged entry by
 * entry of a scope, so that one more host asks about that host alone, and a host that an administrator took away
 * stays away.
 */
import {
  addedPermissions,
  coversPermission,
  HTTP_METHODS,
  type HttpMethod,
  type Permission,
} from '../../spec/permission.ts';

/** @returns the parts of what `next` asks that `before` did not ask: each needs consent */
export function newlyAsked(before: readonly Permission[], next: readonly Permission[]): Permission[] {
  return addedPermissions(before, next).map((wanted) => {
    const scope = wanted.scope?.filter(
      (entry) => !before.some((held) => coversPermission(held, { ...wanted, scope: [entry] })),
    );
    return scope && scope.length > 0 ? { ...wanted, scope } : wanted;
  });
}

/** @returns what remains of `held` where only `asked` may be held */
export function keptGrants(held: readonly Permission[], asked: readonly Permission[]): Permission[] {
  return held.flatMap((grant) => asked.flatMap((wanted) => intersection(grant, wanted) ?? []));
}

function intersection(left: Permission, right: Permission): Permission | undefined {
  if (left.name !== right.name) return undefined;
  const methods = sharedMethods(left, right);
  if (methods?.length === 0) return undefined;
  const limited = methods ? { name: left.name, methods } : { name: left.name };
  if (!left.scope && !right.scope) return limited;
  const scope = sharedScope(limited, left.scope ?? [], right.scope ?? []);
  return scope.length > 0 ? { ...limited, scope } : undefined;
}

/** Undefined where the permission has no methods. */
function sharedMethods(left: Permission, right: Permission): HttpMethod[] | undefined {
  if (left.name !== 'http.fetch') return undefined;
  const [mine, theirs] = [left.methods ?? HTTP_METHODS, right.methods ?? HTTP_METHODS];
  return mine.filter((method) => theirs.includes(method));
}

/** The narrower entry of each pair of which one covers the other. */
function sharedScope(limited: Permission, left: readonly string[], right: readonly string[]): string[] {
  const covers = (wide: string, narrow: string): boolean =>
    coversPermission({ ...limited, scope: [wide] }, { ...limited, scope: [narrow] });
  const shared = left.flatMap((mine) =>
    right.flatMap((theirs) => (covers(mine, theirs) ? [theirs] : covers(theirs, mine) ? [mine] : [])),
  );
  return [...new Set(shared)].sort();
}
