import { Refusal } from '../spec/refusal.ts';

/** What a token may be used for, each with a sentence for people. A scope never gives more than its user may do. */
export const TOKEN_SCOPES = {
  'packages:read': 'See and download packages that are private to your organizations.',
  'packages:publish': 'Publish, yank and deprecate packages, and manage publisher keys.',
  'packages:review': 'Approve and reject packages that are held for review (instance administrators).',
  'orgs:read': 'See your organizations, their members, installations and audit log.',
  'orgs:admin': 'Change your organizations: members, installations, grants, configuration.',
  'plugins:call': 'Call the endpoints and commands of plugins in your organizations.',
  'tokens:manage': 'Issue, list and revoke your tokens.',
  'instance:admin': 'Administer the instance (instance administrators).',
} as const;

export type TokenScope = keyof typeof TOKEN_SCOPES;

export const ALL_TOKEN_SCOPES = Object.keys(TOKEN_SCOPES) as readonly TokenScope[];

/** @throws Refusal `token_scope_unknown` for an empty list or an unknown name; repetitions are folded */
export function readTokenScopes(names: readonly string[]): TokenScope[] {
  const unknown = names.find((name) => !isTokenScope(name));
  if (unknown !== undefined || names.length === 0) {
    const found = unknown === undefined ? 'an empty list' : `"${unknown.slice(0, 60)}"`;
    throw new Refusal('token_scope_unknown', {
      detail: `The scopes hold ${found}; known are ${ALL_TOKEN_SCOPES.join(', ')}.`,
    });
  }
  return [...new Set(names as TokenScope[])];
}

function isTokenScope(name: string): name is TokenScope {
  return Object.hasOwn(TOKEN_SCOPES, name);
}
