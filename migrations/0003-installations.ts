import { Migration } from '@mikro-orm/migrations';
import { tenantTableSql } from '../database/index.ts';

const TABLES = `
create table "installation" (
  "id" uuid not null, "org_id" uuid not null, "plugin_id" text collate "C" not null,
  "version" text collate "C" not null, "digest" text collate "C" not null, "manifest" jsonb not null,
  "signature" text not null, "key_ids" text[] not null, "owner_org_id" uuid not null, "state" text not null,
  "reason" text null, "step_deadline_at" timestamptz null, "range" text null, "is_pinned" boolean not null,
  "grants" jsonb not null, "config" jsonb not null, "revision" int not null, "serving_snapshot_id" uuid null,
  "installed_at" timestamptz not null, "installed_by" text not null, "updated_at" timestamptz not null,
  primary key ("id")
);
alter table "installation" add constraint "installation_plugin_unique" unique ("org_id", "plugin_id");
alter table "installation" add constraint "installation_state_check"
  check (state in ('installed', 'activating', 'active', 'deactivating', 'inactive', 'failed'));
create index "installation_step_index" on "installation" ("step_deadline_at");

create table "installation_snapshot" (
  "id" uuid not null, "installation_id" uuid not null, "org_id" uuid not null,
  "version" text collate "C" not null, "digest" text collate "C" not null, "manifest" jsonb not null,
  "signature" text not null, "key_ids" text[] not null, "owner_org_id" uuid not null, "range" text null,
  "is_pinned" boolean not null, "grants" jsonb not null, "config" jsonb not null, "taken_at" timestamptz not null, "taken_by" text not null, primary key ("id")
);
create index "installation_snapshot_taken_index" on "installation_snapshot" ("installation_id", "taken_at");
alter table "installation_snapshot" add constraint "installation_snapshot_installation_id_foreign"
  foreign key ("installation_id") references "installation" ("id") on delete cascade;

create table "installation_plan" (
  "id" uuid not null, "org_id" uuid not null, "request" jsonb not null, "answer" jsonb not null,
  "steps" jsonb not null, "fingerprint" text not null, "created_at" timestamptz not null,
  "created_by" text not null, "expires_at" timestamptz not null, "applied_at" timestamptz null,
  primary key ("id")
);
create index "installation_plan_expiry_index" on "installation_plan" ("expires_at");

create table "consent_receipt" (
  "id" uuid not null, "org_id" uuid not null, "installation_id" uuid not null,
  "plugin_id" text collate "C" not null, "version" text collate "C" not null, "digest" text collate "C" not null,
  "asked" jsonb not null, "granted" jsonb not null, "granted_at" timestamptz not null, "granted_by" text not null,
  primary key ("id")
);
create index "consent_receipt_plugin_index" on "consent_receipt" ("org_id", "plugin_id", "granted_at");
create function consent_receipt_is_final() returns trigger language plpgsql as $function$
begin
  raise exception 'a consent receipt is never changed';
end
$function$;
create trigger consent_receipt_final before update or delete on consent_receipt
  for each row execute function consent_receipt_is_final();

create table "plugin_request" (
  "id" uuid not null, "org_id" uuid not null, "plugin_id" text collate "C" not null, "reason" text not null,
  "state" text not null, "requested_by" text not null, "requested_at" timestamptz not null,
  "decided_by" text null, "decided_at" timestamptz null, "answer" text null, primary key ("id")
);
create index "plugin_request_state_index" on "plugin_request" ("org_id", "state", "requested_at");
alter table "plugin_request" add constraint "plugin_request_state_check"
  check (state in ('open', 'granted', 'declined'));

create table "instance_config" (
  "plugin_id" text collate "C" not null, "config" jsonb not null, "updated_at" timestamptz not null,
  "updated_by" text not null, primary key ("plugin_id")
);
`;

const TENANT_TABLES = [
  'installation',
  'installation_snapshot',
  'installation_plan',
  'consent_receipt',
  'plugin_request',
] as const;

/** The instance's layer of a configuration counts for every organization, and is the instance's to write. */
const INSTANCE_CONFIG_POLICIES = `
alter table instance_config enable row level security;
alter table instance_config force row level security;
create policy instance_config_read on instance_config for select using (true);
create policy instance_config_write on instance_config for all
  using (current_setting('souk.scope', true) = 'instance');
`;

/** Installations, their history, plans, consent receipts, members' requests and the instance's configuration. */
export class Migration0003 extends Migration {
  override up(): void {
    this.addSql(TABLES);
    for (const table of TENANT_TABLES) {
      for (const sql of tenantTableSql(table)) this.addSql(sql);
    }
    this.addSql(INSTANCE_CONFIG_POLICIES);
  }
}
