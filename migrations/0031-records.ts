import { Migration } from '@mikro-orm/migrations';
import { tenantTableSql } from '../database/index.ts';

const TABLES = `
create table "record_import" (
  "id" uuid not null, "org_id" uuid not null, "origin" text not null, "record_type" text collate "C" not null,
  "mode" text not null, "state" text not null, "installation_id" uuid not null,
  "plugin_id" text collate "C" not null, "plugin_version" text collate "C" not null,
  "plugin_digest" text collate "C" not null, "file" jsonb null, "options" jsonb not null,
  "accepted" int not null, "merged" int not null, "unchanged" int not null, "rejected" int not null,
  "held" int not null, "problem" text null, "created_by" text not null, "created_at" timestamptz not null,
  "started_at" timestamptz null, "ended_at" timestamptz null, "audit_id" uuid not null, primary key ("id")
);
create index "record_import_org_index" on "record_import" ("org_id", "id");
alter table "record_import" add constraint "record_import_state_check"
  check (state in ('queued', 'running', 'completed', 'failed'));
alter table "record_import" add constraint "record_import_mode_check" check (mode in ('apply', 'dryRun'));
alter table "record_import" add constraint "record_import_origin_check" check (origin in ('file', 'plugin'));

create table "org_record" (
  "id" uuid not null, "org_id" uuid not null, "record_type" text collate "C" not null, "data" jsonb not null,
  "sources" jsonb not null, "revision" int not null, "last_import_id" uuid not null,
  "created_at" timestamptz not null, "updated_at" timestamptz not null, primary key ("id")
);
create index "org_record_type_index" on "org_record" ("org_id", "record_type", "id");

create table "record_key" (
  "org_id" uuid not null, "record_type" text collate "C" not null, "key" text collate "C" not null,
  "record_id" uuid not null, primary key ("org_id", "record_type", "key", "record_id")
);
create index "record_key_record_index" on "record_key" ("record_id");
alter table "record_key" add constraint "record_key_record_id_foreign"
  foreign key ("record_id") references "org_record" ("id") on delete cascade;

create table "record_draft" (
  "import_id" uuid not null, "record_id" uuid not null, "org_id" uuid not null, "data" jsonb not null,
  "sources" jsonb not null, primary key ("import_id", "record_id")
);
alter table "record_draft" add constraint "record_draft_import_id_foreign"
  foreign key ("import_id") references "record_import" ("id") on delete cascade;

create table "record_draft_key" (
  "import_id" uuid not null, "key" text collate "C" not null, "record_id" uuid not null, "org_id" uuid not null,
  primary key ("import_id", "key", "record_id")
);
alter table "record_draft_key" add constraint "record_draft_key_import_id_foreign"
  foreign key ("import_id") references "record_import" ("id") on delete cascade;

create table "record_evidence" (
  "import_id" uuid not null, "row" int not null, "org_id" uuid not null, "outcome" text not null,
  "record_id" uuid null, "original" text not null, "data" text null, "target_id" uuid null, "reasons" jsonb not null,
  "candidates" jsonb not null, "proposal_hash" text collate "C" null, "decision" jsonb null,
  "created_at" timestamptz not null, primary key ("import_id", "row")
);
create index "record_evidence_record_index" on "record_evidence" ("record_id");
create index "record_evidence_held_index" on "record_evidence" ("org_id", "import_id", "row") where outcome = 'held';
create index "record_evidence_hash_index" on "record_evidence" ("org_id", "proposal_hash")
  where proposal_hash is not null;
alter table "record_evidence" add constraint "record_evidence_import_id_foreign"
  foreign key ("import_id") references "record_import" ("id") on delete cascade;
alter table "record_evidence" add constraint "record_evidence_outcome_check"
  check (outcome in ('accepted', 'merged', 'unchanged', 'rejected', 'held'));

create table "record_usage" (
  "org_id" uuid not null, "records" int not null, "evidence" int not null, primary key ("org_id")
);
`;

/** Records of organizations, by what they are found again, where they come from, and what was imported. */
export class Migration0031 extends Migration {
  override up(): void {
    this.addSql(TABLES);
    for (const table of [
      'record_import',
      'org_record',
      'record_key',
      'record_draft',
      'record_draft_key',
      'record_evidence',
      'record_usage',
    ])
      for (const sql of tenantTableSql(table)) this.addSql(sql);
  }
}
