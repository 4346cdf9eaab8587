import { Migration } from '@mikro-orm/migrations';
import { tenantTableSql } from '../database/index.ts';

/**
 * A lane has a row while somebody delivers it or it waits for its next try. It refers to no installation, so that who
 * uninstalls one and who delivers to it wait for each other in one order alone; a lane without deliveries goes.
 */
const TABLES = `
create table "event_lane" (
  "lane" text collate "C" not null, "org_id" uuid not null, "installation_id" uuid not null,
  "due_at" timestamptz not null, "put_off" int not null, "holder" uuid null, "held_until" timestamptz null,
  primary key ("lane"),
  constraint event_lane_holder_check check ((holder is null) = (held_until is null))
);
create index "event_lane_due_index" on "event_lane" ("installation_id", "due_at") where holder is null;
create index "event_lane_held_index" on "event_lane" ("installation_id") where holder is not null;
alter table "event_lane" set (fillfactor = 70, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05);

alter table "event_delivery" add column "is_fact" boolean not null default false;
alter table "event_delivery" alter column "is_fact" drop default;
alter table "event_delivery" drop constraint event_delivery_state_check;
select set_config('souk.scope', 'instance', true);
update "event_delivery" set state = 'fresh' where state = 'waiting';
select set_config('souk.scope', '', true);
alter table "event_delivery" add constraint event_delivery_state_check check (state in ('fresh', 'waiting', 'dead'));
drop index "event_delivery_lane_index";
create index "event_delivery_lane_index" on "event_delivery" ("lane", "id") where state <> 'dead';
create index "event_delivery_fresh_index" on "event_delivery" ("installation_id", "is_fact", "id") where state = 'fresh';
drop index "event_delivery_org_index";
create index "event_delivery_dead_index" on "event_delivery" ("org_id", "id") where state = 'dead';
create index "event_delivery_room_index" on "event_delivery" ("org_id", "is_fact") where state <> 'dead';
alter table "event_delivery" set (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05);
`;

/**
 * Events are written, and deliveries of all organizations handed out, by functions: one round trip for a hand of them,
 * and plans that PostgreSQL keeps. `souk_event_lanes` takes lanes: those whose next try is due, and those of fresh
 * deliveries that nobody knows yet. Installations are visited from one to the next by the index, each with what it may
 * have at work, so what waits elsewhere is not looked at; organizations then take turns. A fresh delivery whose lane is
 * known is marked as waiting in it, under the lock of the lane, so that a lane goes only when nothing waits in it.
 * Lanes are locked in their order, or where they are free to be locked; deliveries only where they are free: who else
 * holds one is uninstalling what it is for, and otherwise it runs again. Where the first of many are looked for, the
 * condition is a range and the order names all columns of the index, so that no other index can serve: the one of the
 * primary key would be walked over everything that waits elsewhere.
 */
const FUNCTIONS = `
create function souk_event_enter() returns void language plpgsql as $function$
begin
  perform set_config('souk.scope', 'instance', true), set_config('souk.org_id', '', true);
end
$function$;

create function souk_event_lanes(in_holder uuid, in_hold_seconds int, in_room int, in_group_max int, in_org_max int,
  in_after uuid, in_queues_max int, in_scan_max int, out lanes text[], out parked int, out next_installation uuid)
language plpgsql set plan_cache_mode to force_generic_plan set enable_seqscan to off as $function$
begin
  with recursive
  fresh_queue as (
    (select each.installation_id, 1 as n from event_delivery each
       where each.state = 'fresh' and each.installation_id > in_after
       order by each.installation_id, each.is_fact, each.id limit 1)
    union all
    select next.installation_id, queue.n + 1 from fresh_queue queue cross join lateral (
      select each.installation_id from event_delivery each
        where each.state = 'fresh' and each.installation_id > queue.installation_id
        order by each.installation_id, each.is_fact, each.id limit 1) next
      where queue.n < in_queues_max
  ),
  due_queue as (
    (select each.installation_id, 1 as n from event_lane each
       where each.holder is null and each.due_at <= now() and each.installation_id > in_after
       order by each.installation_id limit 1)
    union all
    select next.installation_id, queue.n + 1 from due_queue queue cross join lateral (
      select each.installation_id from event_lane each
        where each.holder is null and each.due_at <= now() and each.installation_id > queue.installation_id
        order by each.installation_id limit 1) next
      where queue.n < in_queues_max
  ),
  held as materialized (
    select installation_id, org_id, count(*)::int as lanes from event_lane where holder is not null group by 1, 2
  ),
  fresh as materialized (
    select found.*, row_number() over (partition by found.installation_id, found.is_fact order by found.id) as turn
      from fresh_queue queue cross join (values (false), (true)) as kind (is_fact) cross join lateral (
        select each.id, each.lane, each.installation_id, each.org_id, each.is_fact from event_delivery each
          where each.state = 'fresh' and each.installation_id between queue.installation_id and queue.installation_id
            and each.is_fact between kind.is_fact and kind.is_fact
          order by each.installation_id, each.is_fact, each.id limit in_scan_max) found
  ),
  known as materialized (
    select lane from event_lane where lane in (select fresh.lane from fresh) for update skip locked
  ),
  marked as (
    update event_delivery each set state = 'waiting' from (
        select one.id from event_delivery one join fresh on fresh.id = one.id
          where one.state = 'fresh' and fresh.lane in (select known.lane from known)
          for update of one skip locked) free
      where each.id = free.id returning each.id
  ),
  candidate as (
    select fresh.lane, fresh.installation_id, fresh.org_id, min(fresh.turn) as turn, true as is_new from fresh
      where not exists (select from event_lane each where each.lane = fresh.lane) group by 1, 2, 3
    union all
    select found.lane, found.installation_id, found.org_id, found.turn, false from due_queue queue cross join lateral (
      select each.lane, each.installation_id, each.org_id, row_number() over (order by each.due_at) as turn
        from event_lane each
        where each.holder is null and each.installation_id = queue.installation_id and each.due_at <= now()
        order by each.due_at limit in_group_max) found
  ),
  placed as (
    select candidate.*, coalesce(held.lanes, 0)
        + row_number() over (partition by candidate.installation_id order by candidate.turn, candidate.lane) as place
      from candidate left join held on held.installation_id = candidate.installation_id
  ),
  ranked as (
    select placed.*, coalesce(load.lanes, 0)
        + row_number() over (partition by placed.org_id order by placed.place, placed.lane) as rank
      from placed left join (select org_id, sum(held.lanes) as lanes from held group by 1) load
        on load.org_id = placed.org_id
      where placed.place <= in_group_max
  ),
  chosen as materialized (
    select * from ranked where ranked.rank <= in_org_max order by rank, place, lane limit in_room
  ),
  begun as (
    insert into event_lane as each (lane, org_id, installation_id, due_at, put_off, holder, held_until)
      select chosen.lane, chosen.org_id, chosen.installation_id, now(), 0, in_holder,
          now() + make_interval(secs => in_hold_seconds)
        from chosen where chosen.is_new order by chosen.lane
      on conflict (lane) do nothing returning each.lane
  ),
  resumed as (
    update event_lane each set holder = in_holder, held_until = now() + make_interval(secs => in_hold_seconds)
      from (select due.lane from event_lane due join chosen on chosen.lane = due.lane
              where not chosen.is_new and due.holder is null order by due.lane for update of due skip locked) free
      where each.lane = free.lane returning each.lane
  )
  select array(select begun.lane from begun union all select resumed.lane from resumed),
      (select count(*) from marked),
      (select case when greatest(
          (select max(n) from fresh_queue), (select max(n) from due_queue)) >= in_queues_max
        then least((select max(installation_id::text) from fresh_queue having max(n) >= in_queues_max),
          (select max(installation_id::text) from due_queue having max(n) >= in_queues_max))::uuid end)
    into lanes, parked, next_installation;
end
$function$;

create function souk_event_settle(in_holder uuid, in_delivered bigint[], in_failed jsonb, in_lanes jsonb)
returns text[] language plpgsql set plan_cache_mode to force_generic_plan set enable_seqscan to off as $function$
declare
  mine text[];
begin
  select coalesce(array_agg(locked.lane), '{}') into mine from (
    select each.lane from event_lane each
      where each.holder = in_holder and each.lane in (select lane from jsonb_to_recordset(in_lanes) as over (lane text))
      order by each.lane for update) locked;
  delete from event_delivery where id in (
    select each.id from event_delivery each where each.id = any (in_delivered) for update skip locked);
  if in_failed <> '[]' then
    update event_delivery each
      set attempts = failed.attempts, last_error = failed.error, state = failed.state,
        dead_at = case failed.state when 'dead' then now() end
      from (select failed.* from jsonb_to_recordset(in_failed) as failed (id bigint, attempts int, error text, state text)
          join event_delivery one on one.id = failed.id for update of one skip locked) failed
      where each.id = failed.id;
  end if;
  update event_lane each
    set holder = null, held_until = null, put_off = over.put_off, due_at = now() + make_interval(secs => over.pause_seconds)
    from jsonb_to_recordset(in_lanes) as over (lane text, put_off int, pause_seconds double precision)
    where each.lane = over.lane and each.lane = any (mine) and over.pause_seconds is not null;
  update event_lane each set put_off = over.put_off
    from jsonb_to_recordset(in_lanes) as over (lane text, put_off int, pause_seconds double precision)
    where each.lane = over.lane and each.lane = any (mine) and over.pause_seconds is null
      and each.put_off <> over.put_off;
  delete from event_lane each where each.lane = any (mine) and each.holder is not null
    and (select still.id from event_delivery still
           where still.lane between each.lane and each.lane and still.state <> 'dead'
           order by still.lane, still.id limit 1) is null;
  return array(select each.lane from event_lane each where each.lane = any (mine) and each.holder is not null);
end
$function$;

create function souk_event_turn(in_holder uuid, in_hold_seconds int, in_delivered bigint[], in_failed jsonb,
  in_lanes jsonb, in_room int, in_group_max int, in_org_max int, in_after uuid, in_queues_max int, in_scan_max int, in_run_max int)
returns table (parked int, next_installation uuid, lane text, put_off int, delivery text, attempts int,
  subscription text, org_id uuid, installation_id uuid, plugin_id text, installation_state text, event_id uuid,
  name text, key text, data text, emitter text, depth int, emitted_at timestamptz)
language plpgsql set plan_cache_mode to force_generic_plan set enable_seqscan to off as $function$
#variable_conflict use_column
declare
  kept text[] := '{}';
  taken record;
begin
  perform souk_event_enter();
  if in_delivered <> '{}' or in_lanes <> '[]' or in_failed <> '[]' then
    kept := souk_event_settle(in_holder, in_delivered, in_failed, in_lanes);
  end if;
  if in_room > cardinality(kept) then
    select * into taken from souk_event_lanes(in_holder, in_hold_seconds, in_room - cardinality(kept), in_group_max,
      in_org_max, in_after, in_queues_max, in_scan_max);
    kept := kept || taken.lanes;
  else
    select 0 as parked, null::uuid as next_installation into taken;
  end if;
  return query
    select taken.parked, taken.next_installation, head.* from (select) as one left join lateral (
      select held.lane, held.put_off, first.id::text, first.attempts, first.subscription, first.org_id,
          first.installation_id, installation.plugin_id,
          case when installation.serving_snapshot_id is null then installation.state else 'active' end,
          event.id, event.name, event.key, event.data, event.emitter, event.depth, event.emitted_at
        from unnest(kept) as asked (lane) join event_lane held on held.lane = asked.lane
          left join lateral (
            select * from event_delivery each
              where each.lane between held.lane and held.lane and each.state <> 'dead'
              order by each.lane, each.id limit in_run_max) first on true
          left join event on event.id = first.event_id
          left join installation on installation.id = first.installation_id
        order by held.lane, first.id) head on true;
end
$function$;

create function souk_event_hold(in_holder uuid, in_hold_seconds int, in_lanes text[]) returns int language plpgsql as $function$
declare
  freed int;
begin
  perform souk_event_enter();
  update event_lane set held_until = now() + make_interval(secs => in_hold_seconds)
    where holder = in_holder and lane = any (in_lanes);
  with lost as (
    select lane from event_lane where holder is not null and held_until < now() order by lane for update skip locked
  )
  update event_lane each set holder = null, held_until = null, due_at = now() from lost where each.lane = lost.lane;
  get diagnostics freed = row_count;
  return freed;
end
$function$;

create function souk_event_enter_org(in_org uuid) returns void language plpgsql as $function$
begin
  perform set_config('souk.scope', 'org', true), set_config('souk.org_id', in_org::text, true);
end
$function$;

create function souk_event_hearers(in_org uuid, in_emitters uuid[])
returns table (id uuid, plugin_id text, digest text, subscribes jsonb, emits jsonb, grants jsonb) language plpgsql as $function$
#variable_conflict use_column
begin
  return query
    select installation.id, installation.plugin_id, coalesce(kept.digest, installation.digest),
        served.manifest #> '{contributes,events,subscribes}',
        case when installation.id = any (in_emitters) then served.manifest #> '{contributes,events,emits}' end,
        coalesce(kept.grants, installation.grants)
      from installation left join installation_snapshot kept on kept.id = installation.serving_snapshot_id
        cross join lateral (select coalesce(kept.manifest, installation.manifest) as manifest) served
      where installation.org_id = in_org
        and (installation.id = any (in_emitters)
          or (installation.state = 'active' or kept.id is not null)
            and served.manifest #> '{contributes,events,subscribes}' is not null);
end
$function$;

create function souk_event_parties(in_org uuid, in_emitters uuid[])
returns table (id uuid, plugin_id text, digest text, subscribes jsonb, emits jsonb, grants jsonb) language plpgsql as $function$
#variable_conflict use_column
begin
  perform souk_event_enter_org(in_org);
  return query select * from souk_event_hearers(in_org, in_emitters);
end
$function$;

create function souk_event_room(in_org uuid, in_is_fact boolean, in_max int) returns int language plpgsql as $function$
begin
  perform souk_event_enter_org(in_org);
  return (select count(*) from (select from event_delivery
    where org_id = in_org and is_fact = in_is_fact and state <> 'dead' limit in_max + 1) as found);
end
$function$;

create function souk_event_write(in_org uuid, in_locks jsonb, in_events jsonb, in_deliveries jsonb)
returns void language plpgsql set plan_cache_mode to force_generic_plan as $function$
begin
  perform pg_advisory_xact_lock(hashtextextended(name, 0)) from jsonb_array_elements_text(in_locks) as wanted (name);
  insert into event (id, org_id, name, key, data, emitter, depth, emitted_at)
    select fresh.id, in_org, fresh.name, fresh.key, fresh.data, fresh.emitter, fresh.depth, clock_timestamp()
      from jsonb_to_recordset(in_events)
        as fresh (id uuid, name text, key text, data text, emitter text, depth int);
  insert into event_delivery (org_id, event_id, installation_id, subscription, lane, is_fact, state, attempts, last_error, dead_at)
    select in_org, fresh.event, fresh.installation, fresh.subscription, fresh.lane, fresh.is_fact, fresh.state, 0,
        fresh.error, case fresh.state when 'dead' then now() end
      from jsonb_to_recordset(in_deliveries) as fresh (n int, event uuid, installation uuid, subscription text,
        lane text, is_fact boolean, state text, error text)
      join (select id from installation where id in (select hearer.installation
          from jsonb_to_recordset(in_deliveries) as hearer (installation uuid)) for key share) still
        on still.id = fresh.installation
      order by fresh.n;
end
$function$;

create function souk_event_emit(in_org uuid, in_locks jsonb, in_events jsonb, in_deliveries jsonb)
returns void language plpgsql as $function$
begin
  perform souk_event_enter_org(in_org);
  perform souk_event_write(in_org, in_locks, in_events, in_deliveries);
end
$function$;
`;

/** Events by lanes, handed out by the hand and without tasks of a queue. */
export class Migration0055 extends Migration {
  override up(): void {
    this.addSql(TABLES);
    for (const sql of tenantTableSql('event_lane')) this.addSql(sql);
    this.addSql(FUNCTIONS);
  }
}
