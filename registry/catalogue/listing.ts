import type { Transaction } from '../../database/index.ts';

/**
 * Draws a plugin's entry in the search anew, from the newest version that is offered: stable before prerelease. A
 * plugin without an offered version has none. Weights: names before title, title before description, then the rest.
 * Hyphens and slashes become spaces in a second copy of the id, so that each of its words is found.
 */
const REFRESH = `
with newest as (
  select version, manifest, signature, accepted_at
    from plugin_version
   where plugin_id = :id and state = 'approved' and signature <> 'untrusted' and yanked_at is null
   order by version not like '%-%' desc, version_order desc
   limit 1
)
update plugin set
  latest_version = newest.version,
  title = newest.manifest ->> 'name',
  description = newest.manifest ->> 'description',
  type = newest.manifest ->> 'type',
  category = newest.manifest ->> 'category',
  permission_names = array(
    select distinct entry ->> 'name'
      from jsonb_array_elements(coalesce(newest.manifest -> 'permissions', '[]')) as entry order by 1),
  is_signed = newest.signature = 'trusted',
  listed_at = newest.accepted_at,
  search_document = case when newest.version is not null then
    setweight(to_tsvector('simple', publisher || ' ' || name || ' ' || translate(publisher || ' ' || name, '-', ' ')), 'A')
    || setweight(to_tsvector('simple', coalesce(newest.manifest ->> 'name', '')), 'B')
    || setweight(to_tsvector('simple', coalesce(newest.manifest ->> 'description', '')), 'C')
    || setweight(to_tsvector('simple', concat_ws(' ', newest.manifest ->> 'category', newest.manifest ->> 'type',
         newest.manifest -> 'author' ->> 'name')), 'D')
  end
from (select 1) as one left join newest on true
where plugin.id = :id`;

/** @param tx in the scope of the owner or the instance, after the version has been flushed */
export async function refreshListing(tx: Transaction, pluginId: string): Promise<void> {
  await tx.em.execute(REFRESH.replaceAll(':id', '?'), [pluginId, pluginId]);
}
