/** Lanes as several servers take them from one database: alone, in order, in turns, and again after a server is gone. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { EVENT_LIMITS } from '../../spec/limits.ts';
import { startTestDatabase } from '../../tests/support/database.ts';
import { EVENT_ENTITIES } from './entities.ts';
import { openLanes, type Ends, type Lane, type LaneEnd, type Lanes } from './lanes.ts';
import { eventCalls, storeIn, storeOf, type EventStore } from './store.ts';

const fixture = await startTestDatabase(EVENT_ENTITIES);
afterAll(() => fixture.drop());
const { superuser } = fixture;
const other = await fixture.open();
const NOTHING: Ends = { delivered: [], failed: [], lanes: [] };
const [orgA, orgB] = [randomUUID(), randomUUID()];
let first: Lanes;
let second: Lanes;

beforeEach(async () => {
  await superuser.query('truncate event_delivery, event_lane restart identity');
  first = openLanes(eventCalls(fixture.database));
  second = openLanes(eventCalls(other));
});

/** Deliveries of events that nobody can read: only their order matters here. */
async function tell(
  lanes: readonly string[],
  { org = orgA, installation = randomUUID(), isFact = false } = {},
): Promise<void> {
  await superuser.query(`begin; set local session_replication_role = replica`);
  await superuser.query(
    `insert into event_delivery (org_id, event_id, installation_id, subscription, lane, is_fact, state, attempts)
      select $1, gen_random_uuid(), $2, 'a.b', lane, $4, 'fresh', 0 from unnest($3::text[]) with ordinality as each (lane, n) order by n`,
    [org, installation, lanes, isFact],
  );
  await superuser.query('commit');
}

const many = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, each) => `${prefix}-${each}`);
const same = (lane: string, count: number): string[] => Array.from({ length: count }, () => lane);
const namesOf = (lanes: readonly Lane[]): string[] => lanes.map(({ name }) => name).toSorted();
const idsOf = (lane: Lane | undefined): number[] =>
  (lane?.heads ?? []).map(({ delivery }) => Number(delivery));
const overOf = (lane: string): LaneEnd => ({ lane, put_off: 0, pause_seconds: null });
const deliveredOf = (lane: Lane): Ends => ({
  delivered: lane.heads.map(({ delivery }) => delivery),
  failed: [],
  lanes: [overOf(lane.name)],
});

async function take(lanes: Lanes, room = 48): Promise<readonly Lane[]> {
  return (await lanes.turn(NOTHING, room)).lanes;
}

async function only(lanes: Lanes): Promise<Lane> {
  const [lane, ...others] = await take(lanes);
  expect(others).toEqual([]);
  return lane as Lane;
}

it('a lane is handed out once, in order, and a hand at a time', async () => {
  await tell(same('one', 20));
  const hand = await only(first);
  expect(idsOf(hand)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(await take(second)).toEqual([]);
  await tell(same('one', 1));
  expect(await take(second)).toEqual([]);
  expect(idsOf((await first.turn(deliveredOf(hand), 48)).lanes[0])).toEqual([9, 10, 11, 12, 13, 14, 15, 16]);
});

it('a lane without deliveries goes, and comes back with the next one', async () => {
  await tell(['one']);
  const hand = await only(first);
  expect((await first.turn(deliveredOf(hand), 0)).lanes).toEqual([]);
  expect((await superuser.query('select lane from event_lane')).rows).toEqual([]);
  await tell(['one']);
  expect(idsOf(await only(second))).toEqual([2]);
});

it('two servers that ask at once share the lanes', async () => {
  await tell(many('a', 12));
  await tell(many('b', 12), { org: orgB });
  const round = async (): Promise<readonly Lane[]> =>
    (await Promise.all([take(first, 12), take(second, 12), take(first, 12), take(second, 12)])).flat();
  // Who looks before another one has committed chooses the same twelve, and gets none of those: then the rest is left.
  const hands = [...(await round()), ...(await round())];
  expect(namesOf(hands)).toEqual([...many('a', 12), ...many('b', 12)].toSorted());
});

it('an installation has a bounded number of lanes at work, on all servers together', async () => {
  await tell(many('a', 40));
  expect(await take(first)).toHaveLength(EVENT_LIMITS.runsPerInstallationMax);
  expect(await take(second)).toEqual([]);
});

it('handlers of one organization that are slow leave room for others', async () => {
  for (let each = 0; each < 5; each++) await tell(many(`a${each}`, 40));
  const all = EVENT_LIMITS.runsPerServerMax;
  expect(await take(first, all)).toHaveLength(EVENT_LIMITS.runsPerOrganizationMax);
  await tell(['b'], { org: orgB });
  expect(namesOf(await take(first, all - EVENT_LIMITS.runsPerOrganizationMax))).toEqual(['b']);
});

it('who is uninstalling what it is for keeps nobody from going on', async () => {
  await tell(['gone', 'other']);
  const hands = await take(first);
  await superuser.query('begin');
  await superuser.query(`select from event_delivery where lane = 'gone' for update`);
  const ends = hands.map(deliveredOf);
  const both: Ends = {
    delivered: ends.flatMap(({ delivered }) => delivered),
    failed: [],
    lanes: ends.flatMap(({ lanes }) => lanes),
  };
  const left = (await first.turn(both, 0)).lanes;
  await superuser.query('rollback');
  expect(namesOf(left)).toEqual(['gone']);
  const rows = await superuser.query('select lane from event_delivery');
  expect(rows.rows).toEqual([{ lane: 'gone' }]);
});

it('organizations take turns, however much waits in one of them', async () => {
  for (let each = 0; each < 5; each++) await tell(many(`a${each}`, 400));
  await tell(['b'], { org: orgB });
  expect(namesOf(await take(first, 4))).toContain('b');
  await tell(['later'], { org: orgB });
  expect(namesOf(await take(first, 1))).toEqual(['later']);
});

it('what plugins tell comes beside the facts of a large import', async () => {
  const installation = randomUUID();
  await tell(many('fact', 500), { installation, isFact: true });
  await tell(['told'], { installation });
  expect(namesOf(await take(first, 4))).toContain('told');
});

it('what waits is counted by who told it, and by organization', async () => {
  await tell(many('fact', 7), { isFact: true });
  await tell(many('told', 3));
  await tell(['elsewhere'], { org: orgB });
  const counts = async (store: EventStore) => [
    await store.waiting('told', 5),
    await store.waiting('facts', 5),
  ];
  expect(await counts(storeOf(eventCalls(other), orgA))).toEqual([3, 6]);
  const counted = fixture.database.transaction({ kind: 'org', orgId: orgA }, (tx) =>
    counts(storeIn(tx, orgA)),
  );
  expect(await counted).toEqual([3, 6]);
});

it('a lane that failed waits for its time, and hides nothing behind it', async () => {
  const installation = randomUUID();
  await tell(same('stuck', 300), { installation });
  await tell(['free'], { installation });
  const hand = await only(first);
  const id = hand.heads[0]?.delivery ?? '';
  const lane = { lane: 'stuck', put_off: 3, pause_seconds: 3_600 };
  await first.turn(
    { delivered: [], failed: [{ id, attempts: 1, error: 'no', state: 'waiting' }], lanes: [lane] },
    0,
  );
  const seen: string[] = [];
  for (let isMore = true; isMore;) {
    const turn = await second.turn(NOTHING, 48);
    seen.push(...namesOf(turn.lanes));
    isMore = turn.more === 'yes';
  }
  expect(seen).toEqual(['free']);
  await superuser.query('update event_lane set due_at = now() where holder is null');
  const again = await only(second);
  expect([again.putOff, again.heads[0]?.attempts, ...idsOf(again)]).toEqual([3, 1, 1, 2, 3, 4, 5, 6, 7, 8]);
});

it('a dead letter leaves its lane', async () => {
  await tell(same('one', 2));
  const hand = await only(first);
  const failed = [{ id: '1', attempts: 8, error: 'no', state: 'dead' as const }];
  const { lanes } = await first.turn({ delivered: [], failed, lanes: [overOf(hand.name)] }, 0);
  expect(lanes.map(idsOf)).toEqual([[2]]);
  const { rows } = await superuser.query(
    `select id, attempts, last_error, dead_at is not null as dead from event_delivery where state = 'dead'`,
  );
  expect(rows).toEqual([{ id: '1', attempts: 8, last_error: 'no', dead: true }]);
});

it('lanes of a server that is gone are freed, and what it says later changes nothing', async () => {
  await tell(same('one', 3));
  const lost = await only(first);
  await superuser.query(`update event_lane set held_until = now() - interval '1 second'`);
  expect(await second.hold([])).toBe(1);
  const taken = await only(second);
  expect(idsOf(taken)).toEqual([1, 2, 3]);
  const late = { lane: lost.name, put_off: 9, pause_seconds: 3_600 };
  expect((await first.turn({ delivered: ['1'], failed: [], lanes: [late] }, 48)).lanes).toEqual([]);
  const { rows } = await superuser.query('select put_off, due_at > now() as later from event_lane');
  expect(rows).toEqual([{ put_off: 0, later: false }]);
});

it('who is at work keeps its lanes, but those of an answer that it never got', async () => {
  await tell(['kept', 'unheard']);
  await take(first);
  await superuser.query(`update event_lane set held_until = now() - interval '1 second'`);
  expect(await first.hold(['kept'])).toBe(1);
  expect(namesOf(await take(first))).toEqual(['unheard']);
});

it('a lane of an installation that is gone goes', async () => {
  await tell(['one']);
  await only(first);
  await superuser.query('delete from event_delivery');
  await superuser.query('update event_lane set holder = null, held_until = null');
  const hand = await only(first);
  expect(hand.heads).toEqual([]);
  expect((await first.turn(deliveredOf(hand), 48)).lanes).toEqual([]);
  expect((await superuser.query('select lane from event_lane')).rows).toEqual([]);
});

it('no installation is passed over, however many there are', async () => {
  const names = many('one', EVENT_LIMITS.queuesPerTurnMax * 2 + 5);
  for (const name of names) await tell([name], { org: randomUUID() });
  const seen: string[] = [];
  for (let turns = 0; turns < 40 && seen.length < names.length; turns++) {
    const lanes = await take(first, 16);
    seen.push(...namesOf(lanes));
    for (const lane of lanes) await first.turn(deliveredOf(lane), 0);
  }
  expect(seen.toSorted()).toEqual(names.toSorted());
});

/** Rows that each step of a plan has handled, from `auto_explain` with all statements that functions make. */
async function rowsHandled(work: () => Promise<unknown>): Promise<number[]> {
  const rows: number[] = [];
  const read = ({ message = '' }: { message?: string | undefined }): void => {
    for (const [, count] of message.matchAll(
      /(?:actual (?:time=\S+ )?rows=|Rows Removed by [A-Za-z ]+: )(\d+)/gu,
    ))
      rows.push(Number(count));
  };
  superuser.on('notice', read);
  await superuser.query(`load 'auto_explain'; set auto_explain.log_min_duration = 0; set client_min_messages = log;
    set auto_explain.log_nested_statements = on; set auto_explain.log_analyze = on`);
  await work();
  await superuser.query('set auto_explain.log_min_duration = -1; set client_min_messages = notice');
  superuser.off('notice', read);
  return rows;
}

it('what waits in other lanes is not looked at, whatever the planner believes of them', async () => {
  await tell(same('stuck', 5_000));
  const stuck = { lane: 'stuck', put_off: 0, pause_seconds: 3_600 };
  await only(first);
  await first.turn({ ...NOTHING, lanes: [stuck] }, 48);
  while ((await first.turn(NOTHING, 48)).more === 'yes');
  await superuser.query('analyze event_delivery; analyze event_lane');
  await tell(['one', 'two', 'three'], { org: orgB });
  const hands = await take(first);
  await tell(['four'], { org: orgB });
  const delivered = hands.flatMap(({ heads }) => heads.map(({ delivery }) => delivery));
  const over = JSON.stringify(hands.map(({ name }) => overOf(name)));
  const { rows: holders } = await superuser.query('select holder from event_lane where holder is not null');
  const rows = await rowsHandled(() =>
    superuser.query(
      `select * from souk_event_turn($1, 15, $2::bigint[], '[]', $3::jsonb, 48, 16, 32,
         '00000000-0000-0000-0000-000000000000', 64, 64, 8)`,
      [holders[0]?.holder, delivered, over],
    ),
  );
  expect(rows.length).toBeGreaterThan(50);
  expect(Math.max(...rows)).toBeLessThan(1_000);
});

/** What servers do to a few lanes, in any order. */
const STEP = fc.oneof(
  fc.record({ do: fc.constant('tell' as const), lane: fc.nat(2), count: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ do: fc.constant('take' as const), server: fc.nat(1) }),
  fc.record({ do: fc.constantFrom('deliver' as const, 'fail' as const), server: fc.nat(1), nth: fc.nat(2) }),
);

it('whatever two servers do, a lane is one server’s at a time, in order, and all is delivered', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { minLength: 5, maxLength: 40 }), async (steps) => {
      await superuser.query('truncate event_delivery, event_lane restart identity');
      const servers = [fixture.database, other].map((each) => openLanes(eventCalls(each)));
      const held = [new Map<string, Lane>(), new Map<string, Lane>()];
      const last = new Map<string, number>();
      const get = (server: number, lanes: readonly Lane[]): void => {
        for (const lane of lanes) {
          expect(held.some((each) => each.has(lane.name))).toBe(false);
          if (lane.heads.length > 0) expect(idsOf(lane)[0]).toBeGreaterThan(last.get(lane.name) ?? 0);
          held[server]?.set(lane.name, lane);
        }
      };
      const end = async (server: number, lane: Lane, kind: 'deliver' | 'fail'): Promise<void> => {
        held[server]?.delete(lane.name);
        if (kind === 'deliver') last.set(lane.name, idsOf(lane).at(-1) ?? last.get(lane.name) ?? 0);
        const paused = { ...NOTHING, lanes: [{ ...overOf(lane.name), pause_seconds: 0 }] };
        const turn = await servers[server]?.turn(kind === 'deliver' ? deliveredOf(lane) : paused, 0);
        get(server, turn?.lanes ?? []);
      };
      const [installation, another] = [randomUUID(), randomUUID()];
      for (const step of steps) {
        if (step.do === 'tell')
          await tell(same(`lane-${step.lane}`, step.count), {
            installation: step.lane === 2 ? another : installation,
          });
        else if (step.do === 'take') get(step.server, await take(servers[step.server] as Lanes));
        else {
          const lane = [...(held[step.server]?.values() ?? [])][step.nth];
          if (lane) await end(step.server, lane, step.do);
        }
      }
      const lanesLeft = async () =>
        (await superuser.query(`select lane from event_lane union select lane from event_delivery`)).rows
          .length;
      for (let rounds = 0; rounds < 100 && (await lanesLeft()) > 0; rounds++) {
        get(0, await take(servers[0] as Lanes));
        for (const server of [0, 1])
          for (const lane of Array.from(held[server]?.values() ?? [])) await end(server, lane, 'deliver');
      }
      expect(await lanesLeft()).toBe(0);
    }),
    { numRuns: 10 },
  );
}, 60_000);
