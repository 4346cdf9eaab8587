import { Migration } from '@mikro-orm/migrations';
import { tenantTableSql } from '../database/index.ts';

/** A trigger keeps the time, so that no way of changing a state can forget it. What was tested before is over then. */
const SQL = `
create table "installation_status" (
  "org_id" uuid not null, "installation_id" uuid not null, "since" timestamptz not null,
  "health" text null, "health_reason" text null, "tested_at" timestamptz null, primary key ("installation_id")
);
alter table "installation_status" add constraint "installation_status_installation_id_foreign"
  foreign key ("installation_id") references "installation" ("id") on update cascade on delete cascade;
alter table "installation_status" add constraint "installation_status_health_check"
  check (health in ('done', 'failed'));
create index "installation_status_org_index" on "installation_status" ("org_id");

create function installation_status_since() returns trigger language plpgsql as $function$
begin
  if tg_op = 'INSERT' or new.state is distinct from old.state then
    insert into installation_status (org_id, installation_id, since) values (new.org_id, new.id, now())
      on conflict (installation_id) do update
        set since = excluded.since, health = null, health_reason = null, tested_at = null;
  end if;
  return null;
end
$function$;
create trigger installation_status_since after insert or update on installation
  for each row execute function installation_status_since();

select set_config('souk.scope', 'instance', true);
insert into installation_status (org_id, installation_id, since) select org_id, id, updated_at from installation;
select set_config('souk.scope', '', true);

create index "audit_entry_subject_index" on "audit_entry" ("chain", "subject", "id");
`;

/** Since when an installation is in its state, and how its last health test went. */
export class Migration0035 extends Migration {
  override up(): void {
    this.addSql(SQL);
    for (const sql of tenantTableSql('installation_status')) this.addSql(sql);
  }
}
