import { Migration } from '@mikro-orm/migrations';
import { CURRENT_ORG_SQL, IS_INSTANCE_SQL, tenantTableSql } from '../database/index.ts';

const USERS = `
create table "souk_user" (
  "id" uuid not null, "name" text not null, "email" text null, "instance_role" text not null,
  "created_at" timestamptz(3) not null, primary key ("id")
);
alter table "souk_user" add constraint "souk_user_email_unique" unique ("email");
alter table "souk_user" add constraint "souk_user_instance_role_check" check (instance_role in ('admin', 'none'));

create table "organization" (
  "id" uuid not null, "slug" text collate "C" not null, "name" text not null, "unsigned_packages" text not null,
  "created_at" timestamptz(3) not null, primary key ("id")
);
alter table "organization" add constraint "organization_slug_unique" unique ("slug");
alter table "organization" add constraint "organization_unsigned_packages_check"
  check (unsigned_packages in ('allow', 'refuse'));

create table "membership" (
  "org_id" uuid not null, "user_id" uuid not null, "role" text not null,
  "created_at" timestamptz(3) not null, primary key ("org_id", "user_id")
);
create index "membership_user_index" on "membership" ("user_id");
alter table "membership" add constraint "membership_role_check" check (role in ('owner', 'admin', 'member'));

create table "publisher" (
  "name" text collate "C" not null, "org_id" uuid not null, "created_at" timestamptz(3) not null,
  primary key ("name")
);
create index "publisher_org_index" on "publisher" ("org_id");

create table "token" (
  "id" uuid not null, "user_id" uuid not null, "org_id" uuid null, "name" text not null,
  "hash" bytea not null, "scopes" text[] not null, "created_at" timestamptz(3) not null,
  "expires_at" timestamptz(3) null, "revoked_at" timestamptz(3) null, "last_used_at" timestamptz(3) null,
  primary key ("id")
);
create index "token_user_index" on "token" ("user_id");
create index "token_org_index" on "token" ("org_id");
alter table "token" add constraint "token_hash_unique" unique ("hash");

alter table "membership" add constraint "membership_org_id_foreign"
  foreign key ("org_id") references "organization" ("id") on delete cascade;
alter table "membership" add constraint "membership_user_id_foreign"
  foreign key ("user_id") references "souk_user" ("id") on delete cascade;
alter table "publisher" add constraint "publisher_org_id_foreign" foreign key ("org_id") references "organization" ("id");
alter table "token" add constraint "token_user_id_foreign"
  foreign key ("user_id") references "souk_user" ("id") on delete cascade;
alter table "token" add constraint "token_org_id_foreign"
  foreign key ("org_id") references "organization" ("id") on delete cascade;

create function organization_slug_is_immutable() returns trigger language plpgsql as $function$
begin
  raise exception 'the slug of an organization never changes: it is in addresses';
end
$function$;
create trigger organization_slug_immutable before update of slug on organization
  for each row when (old.slug is distinct from new.slug) execute function organization_slug_is_immutable();
`;

/** Users belong to no organization; an organization sees those that are its members. Publishers are public. */
const USER_POLICIES = `
alter table souk_user enable row level security;
alter table souk_user force row level security;
create policy souk_user_read on souk_user for select using (
  ${IS_INSTANCE_SQL} or exists (
    select 1 from membership where membership.user_id = souk_user.id and membership.org_id = ${CURRENT_ORG_SQL}));
create policy souk_user_insert on souk_user for insert with check (${IS_INSTANCE_SQL});
create policy souk_user_update on souk_user for update using (${IS_INSTANCE_SQL});
create policy souk_user_delete on souk_user for delete using (${IS_INSTANCE_SQL});

alter table publisher enable row level security;
alter table publisher force row level security;
create policy publisher_read on publisher for select using (true);
create policy publisher_insert on publisher for insert with check (org_id = ${CURRENT_ORG_SQL} or ${IS_INSTANCE_SQL});
create policy publisher_update on publisher for update using (${IS_INSTANCE_SQL});
`;

/** What an entry says is `database/audit/chain.ts`'s to read; here stands that no one changes or removes it. */
const AUDIT = `
create table "audit_entry" (
  "id" uuid not null, "chain" text collate "C" not null, "org_id" uuid null, "occurred_at" timestamptz(3) not null,
  "actor" text not null, "action" text not null, "subject" text not null, "detail" text not null,
  "position" bigint null, "previous_hash" bytea null, "hash" bytea null, primary key ("id")
);
create index "audit_entry_chain_index" on "audit_entry" ("chain", "id");
create index "audit_entry_unsealed_index" on "audit_entry" ("id") where position is null;
alter table "audit_entry" add constraint "audit_entry_position_unique" unique ("chain", "position");
alter table "audit_entry" add constraint "audit_entry_chain_check"
  check (chain = coalesce(org_id::text, 'instance'));
alter table "audit_entry" add constraint "audit_entry_sealed_check"
  check ((position is null) = (hash is null) and (position is null) = (previous_hash is null));

create table "audit_head" (
  "chain" text collate "C" not null, "org_id" uuid null, "length" bigint not null, "hash" bytea not null,
  primary key ("chain")
);

create function audit_entry_is_append_only() returns trigger language plpgsql as $function$
begin
  if tg_op = 'UPDATE' then
    if old.position is null and new.position is not null
      and (new.id, new.chain, new.org_id, new.occurred_at, new.actor, new.action, new.subject, new.detail)
        is not distinct from
          (old.id, old.chain, old.org_id, old.occurred_at, old.actor, old.action, old.subject, old.detail)
    then return new;
    end if;
  end if;
  raise exception 'the audit log is append-only';
end
$function$;
create trigger audit_entry_append_only before update or delete on audit_entry
  for each row execute function audit_entry_is_append_only();
create trigger audit_entry_no_truncate before truncate on audit_entry
  for each statement execute function audit_entry_is_append_only();
`;

/** Identity and the audit log. */
export class Migration0001 extends Migration {
  override up(): void {
    const tenantTables: readonly [table: string, orgColumn: string][] = [
      ['organization', 'id'],
      ['membership', 'org_id'],
      ['token', 'org_id'],
      ['audit_entry', 'org_id'],
      ['audit_head', 'org_id'],
    ];
    this.addSql(USERS);
    this.addSql(AUDIT);
    for (const [table, orgColumn] of tenantTables) {
      for (const sql of tenantTableSql(table, orgColumn)) this.addSql(sql);
    }
    this.addSql(USER_POLICIES);
  }
}
