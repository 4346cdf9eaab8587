import type { AuditActor } from '../../database/index.ts';

/** Who did something, as it stands beside the row: a short text that names no secret. */
export function actorName(actor: AuditActor): string {
  switch (actor.kind) {
    case 'user':
      return `user:${actor.userId}`;
    case 'plugin':
      return `plugin:${actor.plugin}`;
    case 'system':
      return `system:${actor.name}`;
    case 'anonymous':
      return 'anonymous';
  }
}
