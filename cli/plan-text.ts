/** A plan in the words of the person who has to decide: what changes, what it may do then, and what stands against it. */
import type { JsonObject } from '../spec/json.ts';
import type { Permission } from '../spec/permission.ts';

/** The members of a plan that are shown; the server's answer has more. */
export type ShownPlan = {
  readonly id: string;
  readonly changes: readonly {
    readonly kind: 'add' | 'upgrade' | 'downgrade' | 'keep' | 'remove';
    readonly plugin: string;
    readonly fromVersion: string | null;
    readonly toVersion: string | null;
    readonly why: readonly string[];
  }[];
  readonly permissions: readonly {
    readonly plugin: string;
    readonly permission: Permission;
    readonly risk: string;
    readonly description: string;
    readonly causedBy: readonly string[];
  }[];
  readonly advisories: readonly { readonly plugin: string; readonly message: string }[];
  readonly missingConfig: readonly { readonly plugin: string }[];
  readonly missingSecrets: readonly { readonly plugin: string; readonly secret: string }[];
  readonly conflicts: readonly { readonly message: string }[];
  readonly contracts?: readonly { readonly message: string }[];
  readonly heldBack?: { readonly message: string };
};

const SIGNS = { add: '+', upgrade: '↑', downgrade: '↓', keep: '=', remove: '-' } as const;

export function planLines(plan: ShownPlan): string[] {
  const contracts = (plan.contracts ?? []).map(({ message }) => `  ${message}`);
  return [
    ...changeLines(plan),
    ...(contracts.length === 0 ? [] : ['What it implements:', ...contracts]),
    ...permissionLines(plan),
    ...warningLines(plan),
  ];
}

function changeLines({ changes }: ShownPlan): string[] {
  const moving = changes.filter(({ kind }) => kind !== 'keep');
  if (moving.length === 0) return ['Nothing changes.'];
  return [
    'What changes:',
    ...moving.flatMap(({ kind, plugin, fromVersion, toVersion, why }) => {
      const versions = [fromVersion, toVersion].filter((version) => version !== null).join(' → ');
      return [`  ${SIGNS[kind]} ${plugin} ${versions}`, ...why.map((reason) => `      ${reason}`)];
    }),
  ];
}

function permissionLines({ permissions }: ShownPlan): string[] {
  if (permissions.length === 0) return ['It asks for no new permission.'];
  return [
    'What it asks for:',
    ...permissions.flatMap(({ plugin, permission, risk, description, causedBy }) => [
      `  ${plugin}: ${permission.name} (${risk} risk)`,
      `      ${description}`,
      ...(permission.reason === undefined ? [] : [`      Its author says: ${permission.reason}`]),
      ...(causedBy.length === 0 ? [] : [`      It comes with ${causedBy.join(', ')}.`]),
    ]),
  ];
}

function warningLines(plan: ShownPlan): string[] {
  const { advisories, missingConfig, missingSecrets, conflicts, heldBack } = plan;
  const warnings = [
    ...(heldBack ? [heldBack.message] : []),
    ...advisories.map(({ plugin, message }) => `${plugin}: ${message}`),
    ...missingConfig.map(({ plugin }) => `${plugin}: set its configuration before you activate it.`),
    ...missingSecrets.map(({ plugin, secret }) => `${plugin}: it needs the secret ${secret}.`),
    ...conflicts.map(({ message }) => message),
  ];
  return warnings.length === 0 ? [] : ['Mind:', ...warnings.map((warning) => `  ! ${warning}`)];
}

/** Grants what is asked for, no more: the reason is the author's text and is no part of a grant. */
export function consentTo(permissions: ShownPlan['permissions']): JsonObject[] {
  return permissions.map(({ plugin, permission: { reason: _reason, ...permission } }) => ({
    plugin,
    permission: permission as unknown as JsonObject,
  }));
}
