/** `host.secrets`: its one call, and who answers it. */
import type { Capability } from './capability.ts';

export type SecretReader = {
  /** @returns null for a secret that is not set */
  read(
    owner: { readonly orgId: string; readonly installationId: string },
    name: string,
  ): Promise<string | null>;
};

/** `secrets.get(name)` → the value, or null for one that is not set. */
export function secretCapabilities(secrets: SecretReader): Capability[] {
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
