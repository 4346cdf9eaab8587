/**
 * The row level security of the registry's tables, as SQL over two session variables that `transaction(scope)` sets:
 * `souk.org_id` for the organization on whose behalf work is done, `souk.scope` = 'instance' for the instance itself.
 * With neither set, no private row is visible and none can be written.
 */

/** `nullif`: a variable that was set in an earlier transaction of the connection reads as '' and not as null. */
const CURRENT_ORG = `nullif(current_setting('souk.org_id', true), '')::uuid`;
export const IS_INSTANCE = `coalesce(current_setting('souk.scope', true), '') = 'instance'`;

/** Rows of the current organization (column `column`), and all of them for the instance. */
export function ownedBy(column: string): string {
  return `(${column} = ${CURRENT_ORG} or ${IS_INSTANCE})`;
}

/** Plugins that anyone may see, that the organization owns, or that it was granted. */
export const PLUGIN_IS_VISIBLE = `(visibility = 'public' or owner_org_id = ${CURRENT_ORG} or ${IS_INSTANCE}
  or exists (select 1 from plugin_grant where plugin_grant.plugin_id = plugin.id and plugin_grant.org_id = ${CURRENT_ORG}))`;

/** Versions whose plugin is visible: the policy of `plugin` applies inside. */
export const VERSION_IS_VISIBLE = `(exists (select 1 from plugin where plugin.id = plugin_version.plugin_id))`;

/** Versions are written by the owner of their plugin, and by the instance. */
export const VERSION_IS_OWNED = `(exists (select 1 from plugin where plugin.id = plugin_version.plugin_id
  and ${ownedBy('plugin.owner_org_id')}))`;
