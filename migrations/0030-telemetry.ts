import { Migration } from '@mikro-orm/migrations';
import { tenantTableSql } from '../database/index.ts';

const TABLES = `
create table "plugin_log_line" (
  "id" bigserial primary key, "org_id" uuid not null, "installation_id" uuid not null, "at" timestamptz not null,
  "level" text not null, "text" text not null, "request_id" text null
);
create index "plugin_log_line_installation_index" on "plugin_log_line" ("org_id", "installation_id", "id");
create index "plugin_log_line_age_index" on "plugin_log_line" ("at");
alter table "plugin_log_line" add constraint "plugin_log_line_level_check"
  check (level in ('debug', 'info', 'warn', 'error'));

create table "plugin_count" (
  "org_id" uuid not null, "installation_id" uuid not null, "day" date not null, "kind" text collate "C" not null,
  "name" text collate "C" not null, "count" bigint not null, "amount" double precision not null,
  "last_at" timestamptz not null, primary key ("org_id", "installation_id", "day", "kind", "name")
);
`;

/**
 * Rows are written in batches, some moments after the fact, when their installation may have gone: a foreign key would
 * refuse the whole batch. So they go with it by a trigger, and what comes after it by age.
 */
const REMOVAL = `
create function installation_telemetry() returns trigger language plpgsql as $function$
begin
  delete from plugin_log_line where installation_id = old.id and org_id = old.org_id;
  delete from plugin_count where installation_id = old.id and org_id = old.org_id;
  return null;
end
$function$;
create trigger installation_telemetry after delete on installation
  for each row execute function installation_telemetry();
`;

/** What plugins logged, and how often they ran, failed and were denied something. */
export class Migration0030 extends Migration {
  override up(): void {
    this.addSql(TABLES);
    for (const table of ['plugin_log_line', 'plugin_count']) {
      for (const sql of tenantTableSql(table)) this.addSql(sql);
    }
    this.addSql(REMOVAL);
  }
}
