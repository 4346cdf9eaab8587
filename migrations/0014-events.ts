import { Migration } from '@mikro-orm/migrations';
import { tenantTableSql } from '../database/index.ts';

const TABLES = `
create table "event" (
  "id" uuid not null, "org_id" uuid not null, "name" text not null, "key" text null, "data" text not null,
  "emitter" text not null, "depth" int not null, "emitted_at" timestamptz not null, primary key ("id")
);
create index "event_age_index" on "event" ("emitted_at");

create table "event_delivery" (
  "id" bigserial primary key, "org_id" uuid not null, "event_id" uuid not null, "installation_id" uuid not null,
  "subscription" text not null, "lane" text collate "C" not null, "state" text not null, "attempts" int not null,
  "last_error" text null, "dead_at" timestamptz null,
  constraint event_delivery_state_check check (state in ('waiting', 'dead'))
);
create index "event_delivery_lane_index" on "event_delivery" ("lane", "id") where state = 'waiting';
create index "event_delivery_org_index" on "event_delivery" ("org_id", "state", "id");
create index "event_delivery_event_index" on "event_delivery" ("event_id");
create index "event_delivery_installation_index" on "event_delivery" ("installation_id");
alter table "event_delivery" add constraint "event_delivery_event_id_foreign"
  foreign key ("event_id") references "event" ("id") on delete cascade;
alter table "event_delivery" add constraint "event_delivery_installation_id_foreign"
  foreign key ("installation_id") references "installation" ("id") on delete cascade;

alter table "organization_event" add column "is_announced" boolean not null default true;
alter table "organization_event" alter column "is_announced" set default false;
create index "organization_event_news_index" on "organization_event" ("id") where not is_announced;
`;

/** Events between plugins; what happens to installations is announced to them from its own table. */
export class Migration0014 extends Migration {
  override up(): void {
    this.addSql(TABLES);
    for (const table of ['event', 'event_delivery'])
      for (const sql of tenantTableSql(table)) this.addSql(sql);
  }
}
