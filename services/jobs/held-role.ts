import type { Database } from '../../database/index.ts';
import { ORG_ROLES, presentRole } from '../../identity/index.ts';
import type { Caller } from '../../spec/run.ts';

/**
 * A job may wait long after somebody wanted it.
 * @returns whether the person behind it still has the role that he had then, or a higher one
 */
export async function holdsRole(database: Database, orgId: string, caller: Caller): Promise<boolean> {
  const person = personBehind(caller);
  if (person.kind !== 'user' || person.role === null) return true;
  const { id: userId, role: then } = person;
  const now = await database.transaction({ kind: 'instance' }, (tx) => presentRole(tx, { orgId, userId }));
  return now !== undefined && ORG_ROLES.indexOf(now) <= ORG_ROLES.indexOf(then);
}

function personBehind(caller: Caller): Exclude<Caller, { kind: 'plugin' }> {
  return caller.kind === 'plugin' ? personBehind(caller.behind) : caller;
}
