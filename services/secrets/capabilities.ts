/** What a guest reaches as `host.secrets`. */
import type { Capability } from '../capability.ts';
import type { Secrets } from './store.ts';

/** `secrets.get(name)` → the value, or null for one that is not set. */
export function secretCapabilities(secrets: Secrets): Capability[] {
  return [
    {
      name: 'secrets.get',
      argumentSchema: {
        type: 'object',
        required: ['name'],
        additionalProperties: false,
        properties: { name: { type: 'string' } },
      },
      parameters: ['name'],
      requires: () => ({ name: 'secrets' }),
      act: ({ name }, { guest }) =>
        secrets.read({ orgId: guest.org.id, installationId: guest.installationId }, String(name)),
    },
  ];
}
