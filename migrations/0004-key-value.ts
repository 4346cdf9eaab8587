import { Migration } from '@mikro-orm/migrations';
import { tenantTableSql } from '../database/index.ts';

const TABLES = `
create table "kv_entry" (
  "org_id" uuid not null, "installation_id" uuid not null, "key" text collate "C" not null,
  "value" text not null, "version" bigint not null, "expires_at" timestamptz null,
  primary key ("org_id", "installation_id", "key")
);
create index "kv_entry_expiry_index" on "kv_entry" ("expires_at") where expires_at is not null;
alter table "kv_entry" add constraint "kv_entry_installation_id_foreign"
  foreign key ("installation_id") references "installation" ("id") on delete cascade;

create table "kv_usage" (
  "org_id" uuid not null, "installation_id" uuid not null, "keys" int not null, "bytes" bigint not null,
  primary key ("org_id", "installation_id")
);
alter table "kv_usage" add constraint "kv_usage_installation_id_foreign"
  foreign key ("installation_id") references "installation" ("id") on delete cascade;

create sequence "kv_version_sequence";
`;

/**
 * Each function is one statement for the caller: it sets the organization for its own transaction, so that row level
 * security holds, and answers, in a single round trip. The writers of one installation take turns at its row of
 * kv_usage, so that the quota is exact; a comparison is decided under the same lock.
 */
const FUNCTIONS = `
create function souk_kv_enter(in_org uuid) returns void language plpgsql as $function$
begin
  perform set_config('souk.scope', 'org', true), set_config('souk.org_id', in_org::text, true);
end
$function$;

create function souk_kv_get(in_org uuid, in_installation uuid, in_keys text[])
returns table (key text, value text, version bigint) language plpgsql as $function$
#variable_conflict use_column
begin
  perform souk_kv_enter(in_org);
  return query select entry.key, entry.value, entry.version from kv_entry entry
    where entry.org_id = in_org and entry.installation_id = in_installation and entry.key = any (in_keys)
      and (entry.expires_at is null or entry.expires_at > now());
end
$function$;

create function souk_kv_list(in_org uuid, in_installation uuid, in_prefix text, in_after text, in_limit int)
returns table (key text) language plpgsql as $function$
#variable_conflict use_column
begin
  perform souk_kv_enter(in_org);
  return query select entry.key from kv_entry entry
    where entry.org_id = in_org and entry.installation_id = in_installation
      and entry.key >= in_prefix and entry.key > in_after and starts_with(entry.key, in_prefix)
      and (entry.expires_at is null or entry.expires_at > now())
    order by entry.key limit in_limit;
end
$function$;

create function souk_kv_lock(in_org uuid, in_installation uuid, out keys int, out bytes bigint)
language plpgsql as $function$
#variable_conflict use_column
begin
  perform souk_kv_enter(in_org);
  select usage.keys, usage.bytes into keys, bytes from kv_usage usage
    where usage.org_id = in_org and usage.installation_id = in_installation for update;
  if not found then
    insert into kv_usage (org_id, installation_id, keys, bytes) values (in_org, in_installation, 0, 0)
      on conflict do nothing;
    select usage.keys, usage.bytes into strict keys, bytes from kv_usage usage
      where usage.org_id = in_org and usage.installation_id = in_installation for update;
  end if;
end
$function$;

create function souk_kv_sweep(in_org uuid, in_installation uuid) returns int language plpgsql as $function$
declare swept record;
begin
  perform souk_kv_lock(in_org, in_installation);
  with gone as (
    delete from kv_entry entry where entry.org_id = in_org and entry.installation_id = in_installation
      and entry.expires_at <= now()
    returning octet_length(entry.key) + octet_length(entry.value) as size
  ) select count(*)::int as keys, coalesce(sum(size), 0)::bigint as bytes into swept from gone;
  if swept.keys > 0 then
    update kv_usage usage set keys = usage.keys - swept.keys, bytes = usage.bytes - swept.bytes
      where usage.org_id = in_org and usage.installation_id = in_installation;
  end if;
  return swept.keys;
end
$function$;

create function souk_kv_set(in_org uuid, in_installation uuid, in_key text, in_value text, in_ttl_ms bigint,
  in_expected bigint, in_keys_max int, in_bytes_max bigint)
returns table (outcome text, version bigint) language plpgsql as $function$
#variable_conflict use_column
declare
  held record;
  old record;
  is_live boolean;
  added_keys int;
  added_bytes bigint;
  next_version bigint;
begin
  held := souk_kv_lock(in_org, in_installation);
  select entry.version, octet_length(entry.key) + octet_length(entry.value) as size,
    entry.expires_at is null or entry.expires_at > now() as live into old from kv_entry entry
    where entry.org_id = in_org and entry.installation_id = in_installation and entry.key = in_key;
  is_live := coalesce(old.live, false);
  if in_expected is not null and in_expected <> (case when is_live then old.version else 0 end) then
    return query select 'conflict', case when is_live then old.version else 0 end;
    return;
  end if;
  added_keys := case when old.version is null then 1 else 0 end;
  added_bytes := octet_length(in_key) + octet_length(in_value) - coalesce(old.size, 0);
  if (added_keys > 0 and held.keys + added_keys > in_keys_max)
    or (added_bytes > 0 and held.bytes + added_bytes > in_bytes_max) then
    return query select 'full', 0::bigint;
    return;
  end if;
  next_version := nextval('kv_version_sequence');
  insert into kv_entry (org_id, installation_id, key, value, version, expires_at)
    values (in_org, in_installation, in_key, in_value, next_version,
      now() + in_ttl_ms * interval '1 millisecond')
    on conflict (org_id, installation_id, key) do update
      set value = excluded.value, version = excluded.version, expires_at = excluded.expires_at;
  if added_keys <> 0 or added_bytes <> 0 then
    update kv_usage usage set keys = usage.keys + added_keys, bytes = usage.bytes + added_bytes
      where usage.org_id = in_org and usage.installation_id = in_installation;
  end if;
  return query select 'stored', next_version;
end
$function$;

create function souk_kv_delete(in_org uuid, in_installation uuid, in_keys text[]) returns int
language plpgsql as $function$
declare
  gone record;
begin
  perform souk_kv_lock(in_org, in_installation);
  with deleted as (
    delete from kv_entry entry where entry.org_id = in_org and entry.installation_id = in_installation
      and entry.key = any (in_keys)
    returning octet_length(entry.key) + octet_length(entry.value) as size,
      entry.expires_at is null or entry.expires_at > now() as live
  ) select count(*)::int as keys, (count(*) filter (where live))::int as live,
      coalesce(sum(size), 0)::bigint as bytes into gone from deleted;
  if gone.keys > 0 then
    update kv_usage usage set keys = usage.keys - gone.keys, bytes = usage.bytes - gone.bytes
      where usage.org_id = in_org and usage.installation_id = in_installation;
  end if;
  return gone.live;
end
$function$;
`;

/** The key-value data of installations, and the functions that read and write it in one round trip. */
export class Migration0004 extends Migration {
  override up(): void {
    this.addSql(TABLES);
    for (const table of ['kv_entry', 'kv_usage']) for (const sql of tenantTableSql(table)) this.addSql(sql);
    this.addSql(FUNCTIONS);
  }
}
