import { Migration } from '@mikro-orm/migrations';
import { tenantTableSql } from '../database/index.ts';

const TABLES = `
create table "stored_file" (
  "id" uuid not null, "org_id" uuid not null, "name" text not null, "bytes" bigint not null,
  "sha256" text collate "C" null, "stored_at" timestamptz not null, "stored_by" text not null,
  "expires_at" timestamptz not null, primary key ("id")
);
create index "stored_file_org_index" on "stored_file" ("org_id");
create index "stored_file_expiry_index" on "stored_file" ("expires_at");

create table "stored_file_piece" (
  "file_id" uuid not null, "piece" int not null, "org_id" uuid not null, "bytes" bytea not null,
  primary key ("file_id", "piece")
);
alter table "stored_file_piece" alter column "bytes" set storage external;
alter table "stored_file_piece" add constraint "stored_file_piece_file_id_foreign"
  foreign key ("file_id") references "stored_file" ("id") on delete cascade;

create table "stored_file_usage" ("org_id" uuid not null, "bytes" bigint not null, primary key ("org_id"));
`;

/** Files that are uploaded for runs of plugins, in pieces, so that nothing ever holds a whole one in memory. */
export class Migration0041 extends Migration {
  override up(): void {
    this.addSql(TABLES);
    for (const table of ['stored_file', 'stored_file_piece', 'stored_file_usage'])
      for (const sql of tenantTableSql(table)) this.addSql(sql);
  }
}
