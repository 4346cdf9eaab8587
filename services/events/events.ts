/** Events of organizations: emitted in a transaction, heard by plugins at least once, in order by key. */
import { appendAudit, type Database, type Transaction } from '../../database/index.ts';
import { EVENTS_CHANNEL, type Acting } from '../../registry/installations/index.ts';
import { isFactOfSouk, isReadAsFullName } from '../../spec/event-name.ts';
import type { Emitted, EventPort, NewEvent } from '../../spec/host/events.ts';
import { EVENT_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import { createSignal } from '../queue/index.ts';
import { announceChanges } from './announcing.ts';
import {
  discardDeadLetter,
  listDeadLetters,
  replayDeadLetters,
  type DeadLetter,
  type DeadLetterChoice,
  type DeadLetterQuery,
} from './dead-letters.ts';
import { startDeliveryLoop, type DeliveryLoop } from './delivery-loop.ts';
import { checkNew, emittedOf, planEvent, writeEvents, writeFacts, type Source, type Tell } from './emit.ts';
import { createEmitting } from './emitting.ts';
import type { LaneRunPorts } from './lane-run.ts';
import { openLanes } from './lanes.ts';
import { createQuota, type Quota } from './quota.ts';
import { eventCalls, storeIn } from './store.ts';
import { listWaiting, type WaitingFor } from './waiting.ts';

export type EventsPorts = LaneRunPorts & { readonly database: Database };

export type Events = EventPort & {
  /** Tells facts as Souk itself, in the transaction that makes them true. */
  readonly tell: Tell;
  /** For an administrator, with an audit entry. @throws Refusal `event_reserved`, `event_invalid`, `events_too_many` */
  emitAs(acting: Acting, event: NewEvent): Promise<Emitted>;
  /** Of each plugin of the organization for which events wait, or of which there are dead letters. */
  listWaiting(orgId: string): Promise<WaitingFor[]>;
  listDeadLetters(orgId: string, query: DeadLetterQuery): Promise<DeadLetter[]>;
  /** @returns how many were put back. @throws Refusal `dead_letter_not_found` */
  replay(acting: Acting, choice: DeadLetterChoice): Promise<number>;
  /** @throws Refusal `dead_letter_not_found` */
  discard(acting: Acting, id: string): Promise<void>;
  /** Begins to deliver. */
  start(): void;
  /** Turns what happened to installations into events. @returns how many */
  announce(): Promise<number>;
  /** Removes what everybody has heard, and old dead letters. @returns how many */
  forget(): Promise<number>;
  close(graceMs: number): Promise<void>;
};

const FORGET_BATCH = 5_000;

/** The newest of each organization stay: what a handler fails on for ever must not fill the database of all. */
const TRIM_DEAD_SQL = `delete from event_delivery where id in (
  select id from (select id, row_number() over (partition by org_id, is_fact order by id desc) as place
    from event_delivery where state = 'dead') as ranked where place > ?)`;
/** The channel on which servers tell each other that there are deliveries. */
const CHANNEL = 'souk_event_deliveries';

export async function openEvents(ports: EventsPorts): Promise<Events> {
  const { database } = ports;
  let loop: DeliveryLoop | undefined;
  const signal = await createSignal(database, CHANNEL, ['fresh'], () => loop?.wake());
  const wake = (): void => signal.give('fresh');
  const call = eventCalls(database);
  const quota = createQuota();
  const tell: Tell = async (tx, orgId, facts) => {
    const written = await writeFacts(quota, storeIn(tx, orgId), orgId, facts);
    if (written === 'fresh') tx.afterCommit(wake);
  };
  const announce = (): Promise<number> => announceChanges(database, tell);
  const stopListening = await database.notifications.listen(EVENTS_CHANNEL, {
    notified: () =>
      void announce().catch((error: unknown) =>
        ports.log.warn({ err: error }, 'changes are announced later'),
      ),
  });
  return {
    tell,
    announce,
    emitFor: createEmitting({ ...ports, call, quota, wake }),
    emitAs: (acting, event) =>
      database.transaction({ kind: 'org', orgId: acting.orgId }, (tx) => {
        tx.afterCommit(wake);
        return emitAs(quota, tx, acting, event);
      }),
    listWaiting: (orgId) => listWaiting(database, orgId),
    listDeadLetters: (orgId, query) => listDeadLetters(database, orgId, query),
    replay: (acting, choice) => replayDeadLetters(database, wake, acting, choice),
    discard: (acting, id) => discardDeadLetter(database, acting, id),
    start: () => {
      loop = startDeliveryLoop(ports, openLanes(call));
    },
    forget: () => forgetHeard(database),
    close: async (graceMs) => {
      stopListening();
      await loop?.close(graceMs);
      signal.close();
    },
  };
}

/** What people tell is heard as told by the core, and the core has no namespace below which a plugin's full names are. */
function requireOwnWords(name: string): void {
  const shown = name.slice(0, 130);
  if (isFactOfSouk(name)) {
    throw new Refusal('event_reserved', { detail: `${shown} is a fact that Souk itself tells.` });
  }
  if (isReadAsFullName(name)) {
    throw new Refusal('event_reserved', {
      detail: `${shown} is read as the full name of an event of a plugin, which that plugin alone tells.`,
    });
  }
}

async function emitAs(
  quota: Quota,
  tx: Transaction,
  { orgId, actor }: Acting,
  event: NewEvent,
): Promise<Emitted> {
  requireOwnWords(event.name);
  const source: Source = { emitter: 'core', depth: 0 };
  checkNew(source, event);
  const store = storeIn(tx, orgId);
  const planned = planEvent(source, event, await store.parties([]));
  await quota.take(store, orgId, planned.hearers.length);
  await writeEvents(store, orgId, [planned]);
  const { id, subscribers } = emittedOf(planned);
  const detail = { event: id, key: event.key ?? null, subscribers };
  await appendAudit(tx, {
    scope: tx.scope,
    actor,
    action: 'event.emitted',
    subject: `event:${event.name}`,
    detail,
  });
  return { id, subscribers };
}

export async function forgetHeard(database: Database): Promise<number> {
  const deadBefore = new Date(Date.now() - EVENT_LIMITS.deadLettersKeptMs);
  // Younger events may be those of a transaction that has yet to write its deliveries.
  const heardBefore = new Date(Date.now() - EVENT_LIMITS.heardKeptMs);
  return database.transaction({ kind: 'instance' }, async ({ em }) => {
    await em.execute(`delete from event_delivery where state = 'dead' and dead_at < ?`, [deadBefore]);
    await em.execute(TRIM_DEAD_SQL, [EVENT_LIMITS.deadLettersPerOrganizationMax]);
    const gone = await em.execute<{ id: string }[]>(
      `delete from event where id in (
         select id from event where emitted_at < ?
           and not exists (select from event_delivery where event_id = event.id) limit ?) returning id`,
      [heardBefore, FORGET_BATCH],
    );
    return gone.length;
  });
}
