/** What every route about the plugins of an organization begins with. */
import { Type } from 'typebox';
import { actorOf, type OrgAccess } from '../../identity/index.ts';
import type { Acting } from '../../registry/installations/index.ts';
import { HTTP_METHODS, PERMISSION_NAMES } from '../../spec/permission.ts';
import { isPluginId, type PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';

const closed = { additionalProperties: false } as const;
/** One of a list of words. */
export const words = <const T extends string>(list: readonly T[]) =>
  Type.Union(list.map((word) => Type.Literal(word)));

export const InstalledParams = Type.Object({
  org: Type.String(),
  publisher: Type.String(),
  name: Type.String(),
});

/** A permission as an administrator grants it. */
export const GrantBody = Type.Object(
  {
    name: words(PERMISSION_NAMES),
    scope: Type.Optional(Type.Array(Type.String())),
    methods: Type.Optional(Type.Array(words(HTTP_METHODS))),
    reason: Type.Optional(Type.String()),
  },
  closed,
);

export const ConsentBody = Type.Object(
  { grants: Type.Array(Type.Object({ plugin: Type.String(), permission: GrantBody }, closed)) },
  closed,
);

export function actingAs({ principal, org }: OrgAccess): Acting {
  return { orgId: org.id, actor: actorOf(principal) };
}

/** @throws Refusal `not_found` */
export function pluginOf({ publisher, name }: { publisher: string; name: string }): PluginId {
  return requirePluginId(`${publisher}/${name}`);
}

/** @throws Refusal `not_found` */
export function requirePluginId(text: string): PluginId {
  if (isPluginId(text)) return text;
  throw new Refusal('not_found', { detail: 'There is no plugin of this name.' });
}
