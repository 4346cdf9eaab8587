import { Migration } from '@mikro-orm/migrations';
import { IS_INSTANCE_SQL, tenantTableSql } from '../database/index.ts';

const TABLES = `
create table "master_key" (
  "id" text collate "C" not null, "current_since" timestamptz not null, primary key ("id")
);
alter table master_key enable row level security;
alter table master_key force row level security;
create policy master_key_instance on master_key using (${IS_INSTANCE_SQL});

create table "secret" (
  "org_id" uuid not null, "installation_id" uuid not null, "name" text collate "C" not null,
  "sealed" text collate "C" not null, "key_id" text collate "C" not null, "set_at" timestamptz not null,
  "set_by" text not null, primary key ("org_id", "installation_id", "name")
);
create index "secret_key_index" on "secret" ("key_id");
alter table "secret" add constraint "secret_installation_id_foreign"
  foreign key ("installation_id") references "installation" ("id") on delete cascade;
`;

/** Secrets of installations, encrypted, and the ids of the master keys that they were encrypted under. */
export class Migration0007 extends Migration {
  override up(): void {
    this.addSql(TABLES);
    for (const sql of tenantTableSql('secret')) this.addSql(sql);
  }
}
