import { Migration } from '@mikro-orm/migrations';

/** As in database/row-security.ts: of the session variables that a transaction's scope sets, asked once a statement. */
const CURRENT_ORG = `(select nullif(current_setting('souk.org_id', true), '')::uuid)`;
const IS_INSTANCE = `(select current_setting('souk.scope', true) = 'instance')`;
const OWNS_PLUGIN = `exists (select 1 from plugin where plugin.id = plugin_version.plugin_id
  and (plugin.owner_org_id = ${CURRENT_ORG} or ${IS_INSTANCE}))`;

const VERSION_IS_IMMUTABLE = `if (new.plugin_id, new.version, new.archive_digest, new.archive_bytes, new.manifest, new.contents, new.files,
    new.statement_digest, new.accepted_at)
  is distinct from (old.plugin_id, old.version, old.archive_digest, old.archive_bytes, old.manifest, old.contents,
    old.files, old.statement_digest, old.accepted_at)
then raise exception 'what a version says of its bytes never changes';
end if;
return new;`;

function protect(table: string): string {
  return `alter table ${table} enable row level security;
alter table ${table} force row level security;`;
}

const SQL = `
create table "idempotency_entry" (
  "owner" text collate "C" not null, "key" text collate "C" not null, "request_digest" text not null,
  "status" int null, "response" jsonb null, "created_at" timestamptz not null,
  "expires_at" timestamptz not null, primary key ("owner", "key")
);
create index "idempotency_entry_expiry_index" on "idempotency_entry" ("expires_at");

create table "publisher_key_challenge" (
  "nonce" text collate "C" not null, "publisher" text not null, "created_by" text not null,
  "expires_at" timestamptz not null, primary key ("nonce")
);
create index "publisher_key_challenge_expiry_index" on "publisher_key_challenge" ("expires_at");

create table "publisher_key_document" (
  "publisher" text collate "C" not null, "version" int not null, "envelope" bytea not null,
  "accepted_at" timestamptz not null, "accepted_by" text not null, primary key ("publisher", "version")
);

create table "plugin" (
  "id" uuid not null, "publisher" text collate "C" not null, "name" text collate "C" not null,
  "owner_org_id" uuid not null, "visibility" text not null, "created_at" timestamptz not null,
  "latest_version" text null, "title" text null, "description" text null, "type" text null,
  "category" text null, "permission_names" text[] null, "is_signed" boolean null,
  "listed_at" timestamptz null, "search_document" tsvector null, primary key ("id")
);
create index "plugin_owner_index" on "plugin" ("owner_org_id");
create index "plugin_search_index" on "plugin" using gin ("search_document");
alter table "plugin" add constraint "plugin_identity_unique" unique ("publisher", "name");
alter table "plugin" add constraint "plugin_visibility_check" check (visibility in ('public', 'private'));

create table "plugin_grant" (
  "plugin_id" uuid not null, "org_id" uuid not null, "granted_at" timestamptz not null,
  "granted_by" text not null, primary key ("plugin_id", "org_id")
);
create index "plugin_grant_org_index" on "plugin_grant" ("org_id");

create table "plugin_version" (
  "id" uuid not null, "plugin_id" uuid not null, "version" text collate "C" not null,
  "version_order" text collate "C" not null, "archive_digest" text collate "C" not null,
  "archive_bytes" int not null, "manifest" jsonb not null, "manifest_digest" text not null,
  "contents" text not null, "files" jsonb not null, "findings" jsonb not null,
  "signature" text not null, "key_ids" text[] not null, "statement_digest" text null,
  "envelope" bytea null, "signed_at" timestamptz null, "accepted_at" timestamptz not null, "accepted_by" text not null,
  "state" text not null, "state_reason" text null, "reviewed_at" timestamptz null,
  "reviewed_by" text null, "yanked_at" timestamptz null, "yank_reason" text null,
  "deprecated_at" timestamptz null, "deprecation_reason" text null, "replacement" text null,
  primary key ("id")
);
create index "plugin_version_order_index" on "plugin_version" ("plugin_id", "version_order");
create index "plugin_version_archive_index" on "plugin_version" ("archive_digest");
create index "plugin_version_state_index" on "plugin_version" ("state", "accepted_at");
alter table "plugin_version" add constraint "plugin_version_identity_unique" unique ("plugin_id", "version");
alter table "plugin_version" add constraint "plugin_version_state_check" check (state in ('held', 'approved', 'rejected'));
alter table "plugin_version" add constraint "plugin_version_signature_check" check (signature in ('unsigned', 'trusted', 'untrusted'));

alter table "plugin_grant" add constraint "plugin_grant_plugin_id_foreign" foreign key ("plugin_id") references "plugin" ("id") on delete cascade;

alter table "plugin_version" add constraint "plugin_version_plugin_id_foreign" foreign key ("plugin_id") references "plugin" ("id");

${protect('plugin')}
create policy plugin_read on plugin for select using (
  visibility = 'public' or owner_org_id = ${CURRENT_ORG} or ${IS_INSTANCE} or exists (
    select 1 from plugin_grant where plugin_grant.plugin_id = plugin.id and plugin_grant.org_id = ${CURRENT_ORG}));
create policy plugin_insert on plugin for insert with check (owner_org_id = ${CURRENT_ORG} or ${IS_INSTANCE});
create policy plugin_update on plugin for update using (owner_org_id = ${CURRENT_ORG} or ${IS_INSTANCE});

${protect('plugin_grant')}
create policy plugin_grant_read on plugin_grant for select using (org_id = ${CURRENT_ORG} or ${IS_INSTANCE});
create policy plugin_grant_insert on plugin_grant for insert with check (${IS_INSTANCE});
create policy plugin_grant_delete on plugin_grant for delete using (${IS_INSTANCE});

${protect('plugin_version')}
create policy plugin_version_read on plugin_version for select using (
  exists (select 1 from plugin where plugin.id = plugin_version.plugin_id));
create policy plugin_version_insert on plugin_version for insert with check (${OWNS_PLUGIN});
create policy plugin_version_update on plugin_version for update using (${OWNS_PLUGIN});

${protect('publisher_key_document')}
create policy publisher_key_document_read on publisher_key_document for select using (true);
create policy publisher_key_document_insert on publisher_key_document for insert with check (true);

${protect('publisher_key_challenge')}
create policy publisher_key_challenge_all on publisher_key_challenge using (${IS_INSTANCE});

${protect('idempotency_entry')}
create policy idempotency_entry_all on idempotency_entry using (${IS_INSTANCE});

create function plugin_version_immutable_fn() returns trigger as $$ begin ${VERSION_IS_IMMUTABLE} end; $$ language plpgsql;
create trigger immutable before update on plugin_version for each row execute function plugin_version_immutable_fn();
`;

/**
 * Plugins, their versions and grants, publishers' keys, idempotency keys.
 *
 * No policy allows to delete a plugin, a version or a key document: what was published stays taken for ever. An org
 * sees public plugins, its own and those it was granted; versions follow their plugin, whose policy applies inside
 * theirs.
 */
export class Migration0002 extends Migration {
  override up(): void {
    this.addSql(SQL);
  }
}
