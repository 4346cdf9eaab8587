import type { AuditActor, Database } from '../database/index.ts';
import { INSTANCE_ORG_SLUG } from './instance-org.ts';
import { createInstanceOrganization, findOrganization } from './organizations.ts';
import { ALL_TOKEN_SCOPES } from './token-scope.ts';
import type { TokenSecret } from './token-secret.ts';
import { storeToken } from './tokens.ts';
import { createUser } from './users.ts';

const BOOTSTRAP_LOCK = 7_605_030;
const SOUK: AuditActor = { kind: 'system', name: 'souk' };

/**
 * Makes the instance's own organization, its first administrator and that user's token, unless they are there. Of
 * several servers that start at once, one does it.
 *
 * @param keep stores the secret where the operator finds it. It is called before the commit: if it throws, nothing
 * was made and the next start tries again; so a secret is never lost, at worst one is kept that was never valid
 */
export async function bootstrapInstance(
  database: Database,
  keep: (secret: TokenSecret) => Promise<void>,
): Promise<'made' | 'found'> {
  return database.transaction({ kind: 'instance' }, async (tx) => {
    await tx.em.execute('select pg_advisory_xact_lock(?)', [BOOTSTRAP_LOCK]);
    if (await findOrganization(tx, INSTANCE_ORG_SLUG)) return 'found';
    const user = await createUser(tx, SOUK, { name: 'Instance administrator', instanceRole: 'admin' });
    await createInstanceOrganization(tx, SOUK, user.id);
    const issued = await storeToken(tx, SOUK, {
      userId: user.id,
      orgId: null,
      name: 'First token of the instance',
      scopes: ALL_TOKEN_SCOPES,
      expiresAt: null,
    });
    await tx.em.flush();
    await keep(issued.secret);
    return 'made';
  });
}
