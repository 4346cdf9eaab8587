/** What every route about the plugins of an organization begins with. */
import { actorOf, type OrgAccess } from '../../identity/index.ts';
import type { Acting } from '../../registry/installations/index.ts';
import { isPluginId, type PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';

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
