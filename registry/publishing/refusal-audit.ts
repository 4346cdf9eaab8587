import { appendAudit, type Scope } from '../../database/index.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { PublishingPorts, PublishRequest } from './ports.ts';

/**
 * Runs a publication; a refusal is written down before it goes on to the caller, in the private registry's own
 * organization or else in the instance. The entry quotes the code and never what a stranger's bytes say.
 */
export async function auditingRefusals<Result>(
  ports: PublishingPorts,
  request: PublishRequest,
  archiveSha256: string,
  publish: () => Promise<Result>,
): Promise<Result> {
  try {
    return await publish();
  } catch (error) {
    if (error instanceof Refusal && error.code !== 'database_unavailable')
      await auditRefusal(ports, request, archiveSha256, error);
    throw error;
  }
}

async function auditRefusal(
  ports: PublishingPorts,
  request: PublishRequest,
  archiveSha256: string,
  refusal: Refusal,
): Promise<void> {
  const scope = scopeOf(request);
  try {
    await ports.database.transaction(scope, (tx) =>
      appendAudit(tx, {
        scope,
        actor: request.author.actor,
        action: 'package.refused',
        subject: `archive:sha256:${archiveSha256}`,
        detail: { code: refusal.code, destination: request.destination.kind },
      }),
    );
  } catch (error) {
    // The caller learns why the package was refused also while the database is away; nothing else was written either.
    if (!(error instanceof Refusal)) throw error;
  }
}

function scopeOf({ destination }: PublishRequest): Scope {
  return destination.kind === 'private' ? { kind: 'org', orgId: destination.orgId } : { kind: 'instance' };
}
