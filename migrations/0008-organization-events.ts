import { Migration } from '@mikro-orm/migrations';
import { tenantTableSql } from '../database/index.ts';

/**
 * Written by a trigger, in the transaction of the change: no way of changing an installation can forget it. Changes of
 * one organization come one after the other, under its lock, so their numbers are in the order of their commits.
 */
const SQL = `
create table "organization_event" (
  "id" bigserial primary key, "org_id" uuid not null, "type" text not null, "data" jsonb not null,
  "at" timestamptz not null
);
create index "organization_event_org_index" on "organization_event" ("org_id", "id");
create index "organization_event_age_index" on "organization_event" ("at");

create function installation_events() returns trigger language plpgsql as $function$
declare
  subject installation := coalesce(new, old);
  types text[] := case tg_op
    when 'INSERT' then array['installation.created']
    when 'DELETE' then array['installation.deleted']
    else array_remove(array[
      case when new.revision is distinct from old.revision then 'installation.updated' end,
      case when new.state is distinct from old.state then 'installation.status_changed' end], null)
    end;
begin
  insert into organization_event (org_id, type, data, at)
    select subject.org_id, type, jsonb_build_object('plugin', subject.plugin_id, 'version', subject.version,
        'digest', subject.digest, 'state', subject.state, 'reason', subject.reason), now()
      from unnest(types) with ordinality as each(type, place) order by place;
  if cardinality(types) > 0 then perform pg_notify('souk_organization_event', subject.org_id::text); end if;
  return null;
end
$function$;
create trigger installation_events after insert or update or delete on installation
  for each row execute function installation_events();
`;

/** What happened to the installations of an organization, for people who watch. */
export class Migration0008 extends Migration {
  override up(): void {
    this.addSql(SQL);
    for (const sql of tenantTableSql('organization_event')) this.addSql(sql);
  }
}
