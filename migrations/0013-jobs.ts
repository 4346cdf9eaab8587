import { Migration } from '@mikro-orm/migrations';
import { getConstructionPlans } from 'pg-boss';
import { tenantTableSql } from '../database/index.ts';

const TABLES = `
create table "job" (
  "id" uuid not null, "org_id" uuid not null, "kind" text not null, "installation_id" uuid null,
  "plugin_id" text collate "C" null, "handler" text null, "args" text not null, "files" text not null,
  "caller" text not null, "schedule_id" uuid null, "retry" text not null, "depth" int not null,
  "state" text not null, "attempt" int not null, "progress" text null, "result" text null, "failure" text null,
  "run_at" timestamptz not null, "created_at" timestamptz not null, "started_at" timestamptz null,
  "ended_at" timestamptz null, "cancel_requested_at" timestamptz null,
  primary key ("id"),
  constraint job_state_check check (state in ('queued', 'running', 'succeeded', 'failed', 'canceled'))
);
create index "job_org_index" on "job" ("org_id", "id");
create index "job_open_index" on "job" ("org_id", "state") where ended_at is null;
create index "job_ended_index" on "job" ("ended_at") where ended_at is not null;
create index "job_schedule_index" on "job" ("schedule_id") where schedule_id is not null;
alter table "job" add constraint "job_installation_id_foreign"
  foreign key ("installation_id") references "installation" ("id") on delete cascade;

create table "job_log" (
  "job_id" uuid not null, "line" int not null, "org_id" uuid not null, "at" timestamptz not null,
  "level" text not null, "text" text not null, primary key ("job_id", "line")
);
alter table "job_log" add constraint "job_log_job_id_foreign"
  foreign key ("job_id") references "job" ("id") on delete cascade;
`;

/** What pg-boss makes, in this transaction instead of its own. Its later releases bring what they find up to date. */
function queueSchemaSql(): string {
  return getConstructionPlans('souk_queue')
    .replace(/^\s*BEGIN;/u, '')
    .replace(/COMMIT;\s*$/u, '');
}

/** Jobs, and the queues behind them. */
export class Migration0013 extends Migration {
  override up(): void {
    this.addSql(TABLES);
    for (const table of ['job', 'job_log']) for (const sql of tenantTableSql(table)) this.addSql(sql);
    this.addSql(queueSchemaSql());
  }
}
