/** Events of organizations: emitted in a transaction, heard by plugins at least once, in order by key. */
import { appendAudit, type Database, type Transaction } from '../../database/index.ts';
import { EVENTS_CHANNEL, type Acting } from '../../registry/installations/index.ts';
import { isFactOfSouk } from '../../spec/event-name.ts';
import { compileGuestSchema, type GuestValidator } from '../../spec/guest-schema.ts';
import { requireDeclaredEvent } from '../../spec/host/event-checks.ts';
import type { Emitted, EventPort, NewEvent } from '../../spec/host/events.ts';
import type { JsonObject } from '../../spec/json.ts';
import { EVENT_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import { announceChanges } from './announcing.ts';
import {
  discardDeadLetter,
  listDeadLetters,
  replayDeadLetters,
  type DeadLetter,
  type DeadLetterChoice,
  type DeadLetterQuery,
} from './dead-letters.ts';
import { createDelivering, type DeliveringPorts } from './delivering.ts';
import { writeEvents, writeFacts, type Facts } from './emit.ts';
import { createRoom } from './room.ts';
import { loadParties, type Party } from './subscribers.ts';

/**
 * Tells facts of Souk itself. The caller holds a lock, to its commit, that puts facts of one key in order.
 *
 * @example await tell(tx, orgId, { names: ['import.failed'], make: () => [{ name: 'import.failed', key: id, data }] })
 */
export type Tell = (tx: Transaction, orgId: string, facts: Facts) => Promise<void>;

export type Events = EventPort & {
  /** Tells facts as Souk itself, in the transaction that makes them true. */
  readonly tell: Tell;
  /** For an administrator, with an audit entry. @throws Refusal `event_reserved`, `event_invalid`, `events_too_many` */
  emitAs(acting: Acting, event: NewEvent): Promise<Emitted>;
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

type Emit = (tx: Transaction, orgId: string, events: readonly NewEvent[]) => Promise<Emitted[]>;

const VALIDATORS_MAX = 500;
const FORGET_BATCH = 5_000;

/** The newest of each organization stay: what a handler fails on for ever must not fill the database of all. */
const TRIM_DEAD_SQL = `delete from event_delivery where id in (
  select id from (select id, row_number() over (partition by org_id order by id desc) as place
    from event_delivery where state = 'dead') as ranked where place > ?)`;
/** An installation that has gone meanwhile declares nothing. */
const NOBODY: Pick<Party, 'digest' | 'emits'> = { digest: '', emits: null };

export async function openEvents(ports: DeliveringPorts): Promise<Events> {
  const { database, queue } = ports;
  const delivering = createDelivering(ports);
  const writing = { queue, room: createRoom() };
  const emit: Emit = (tx, orgId, events) =>
    writeEvents(writing, tx, { orgId, emitter: 'core', depth: 0 }, events, () =>
      loadParties(tx, orgId, null),
    );
  const tell: Tell = (tx, orgId, facts) =>
    writeFacts(queue, tx, orgId, facts, () => loadParties(tx, orgId, null));
  const announce = (): Promise<number> => announceChanges(database, tell);
  const stopListening = await database.notifications.listen(EVENTS_CHANNEL, {
    notified: () =>
      void announce().catch((error: unknown) =>
        ports.log.warn({ err: error }, 'changes are announced later'),
      ),
  });
  let worker: { close(): Promise<void> } | undefined;
  return {
    tell,
    announce,
    emitFor: emitterFor(ports, writing),
    emitAs: (acting, event) =>
      database.transaction({ kind: 'org', orgId: acting.orgId }, (tx) => emitAs(tx, acting, event, emit)),
    listDeadLetters: (orgId, query) => listDeadLetters(database, orgId, query),
    replay: (acting, choice) => replayDeadLetters(ports, acting, choice),
    discard: (acting, id) => discardDeadLetter(database, acting, id),
    start: () => {
      const { runsPerServerMax: tasksMax, runsPerInstallationMax: groupTasksMax } = EVENT_LIMITS;
      worker = queue.work('events', { tasksMax, groupTasksMax }, delivering.handle);
    },
    forget: () => forgetHeard(database),
    close: async (graceMs) => {
      stopListening();
      const grace = setTimeout(() => delivering.stop(), graceMs).unref();
      await worker?.close();
      clearTimeout(grace);
    },
  };
}

function emitterFor(
  { database, causes }: DeliveringPorts,
  writing: Parameters<typeof writeEvents>[0],
): Events['emitFor'] {
  const validators = new Map<string, GuestValidator>();
  return (guest, event) => {
    const { orgId, installationId, plugin, requestId } = guest;
    const source = { orgId, emitter: plugin, depth: causes.depthOf(requestId) + 1 };
    return database.transaction({ kind: 'org', orgId }, async (tx) => {
      const load = async (): Promise<Party[]> => {
        const parties = await loadParties(tx, orgId, installationId);
        const own = parties.find(({ id }) => id === installationId) ?? NOBODY;
        requireDeclaredEvent(own.emits, event, compilerFor(validators, own, event));
        return parties;
      };
      const [emitted] = await writeEvents(writing, tx, source, [event], load);
      return emitted as Emitted;
    });
  };
}

function compilerFor(
  validators: Map<string, GuestValidator>,
  { digest }: Pick<Party, 'digest'>,
  { name }: NewEvent,
): (schema: JsonObject) => GuestValidator {
  return (schema) => {
    const id = `${digest} ${name}`;
    const validate = validators.get(id) ?? compileGuestSchema(schema);
    if (validators.size >= VALIDATORS_MAX) validators.clear();
    validators.set(id, validate);
    return validate;
  };
}

async function emitAs(
  tx: Transaction,
  { orgId, actor }: Acting,
  event: NewEvent,
  emit: Emit,
): Promise<Emitted> {
  if (isFactOfSouk(event.name)) {
    throw new Refusal('event_reserved', {
      detail: `${event.name.slice(0, 130)} is a fact that Souk itself tells.`,
    });
  }
  const [emitted] = await emit(tx, orgId, [event]);
  const { id, subscribers } = emitted as Emitted;
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
