import { Migration } from '@mikro-orm/migrations';
import { tenantTableSql } from '../database/index.ts';

const TABLES = `
create table "schedule" (
  "id" uuid not null, "org_id" uuid not null, "installation_id" uuid not null, "plugin_id" text collate "C" not null,
  "origin" text not null, "name" text not null, "command" text null, "args" text not null, "cron" text not null,
  "time_zone" text not null, "missed" text not null, "state" text not null, "next_at" timestamptz null,
  "last_at" timestamptz null, "last_note" text null, "last_job_id" uuid null, "created_at" timestamptz not null,
  "created_by" text not null, primary key ("id"),
  constraint schedule_state_check check (state in ('running', 'paused'))
);
alter table "schedule" add constraint "schedule_name_unique" unique ("installation_id", "origin", "name");
create index "schedule_org_index" on "schedule" ("org_id", "id");
create index "schedule_due_index" on "schedule" ("next_at") where next_at is not null;
alter table "schedule" add constraint "schedule_installation_id_foreign"
  foreign key ("installation_id") references "installation" ("id") on delete cascade;
`;

/** When plugins' handlers and commands are run by the clock. */
export class Migration0015 extends Migration {
  override up(): void {
    this.addSql(TABLES);
    for (const sql of tenantTableSql('schedule')) this.addSql(sql);
  }
}
