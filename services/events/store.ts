/**
 * Events as PostgreSQL keeps them: its functions of migration 0055, called in a transaction of whoever tells something,
 * or each on its own, in one round trip and prepared once for each connection.
 */
import { preparedCalls, type Database, type PreparedCall, type Transaction } from '../../database/index.ts';
import type { JsonValue } from '../../spec/json.ts';
import { partiesOf, type Party, type PartyRow } from './subscribers.ts';

const STATEMENTS = {
  souk_event_turn: 'select * from souk_event_turn($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)',
  souk_event_hold: 'select souk_event_hold($1, $2, $3) as freed',
  souk_event_parties: 'select * from souk_event_parties($1, $2)',
  souk_event_room: 'select souk_event_room($1, $2, $3) as waiting',
  souk_event_emit: 'select souk_event_emit($1, $2, $3, $4)',
} as const;

export type EventCall = PreparedCall<keyof typeof STATEMENTS>;

export function eventCalls(database: Database): EventCall {
  return preparedCalls(database, STATEMENTS);
}

/** Rows to be written together. */
export type NewRows = {
  /** Names of locks that are held from here to the commit, in the order in which everybody takes them. */
  readonly locks: readonly string[];
  readonly events: readonly JsonValue[];
  readonly deliveries: readonly JsonValue[];
};

/** What whoever tells something needs, of one organization. */
export type EventStore = {
  /** @param emitters installations that emit, whose declared events come along */
  parties(emitters: readonly string[]): Promise<Party[]>;
  /** Deliveries that wait, counted up to one above the maximum. */
  waiting(kind: 'told' | 'facts', countMax: number): Promise<number>;
  write(rows: NewRows): Promise<void>;
};

/** Everything is in the transaction. */
export function storeIn(tx: Transaction, orgId: string): EventStore {
  return {
    parties: async (emitters) => {
      const ids = JSON.stringify(emitters);
      return partiesOf(
        await tx.em.execute<PartyRow[]>(
          `select * from souk_event_hearers(?, array(select jsonb_array_elements_text(?::jsonb)::uuid))`,
          [orgId, ids],
        ),
      );
    },
    waiting: async (kind, countMax) => {
      const [row] = await tx.em.execute<{ waiting: number }[]>(
        `select count(*)::int as waiting from (
           select from event_delivery where org_id = ? and is_fact = ? and state <> 'dead' limit ?) as found`,
        [orgId, kind === 'facts', countMax + 1],
      );
      return row?.waiting ?? 0;
    },
    write: async ({ locks, events, deliveries }) => {
      const rows = [locks, events, deliveries].map((each) => JSON.stringify(each));
      await tx.em.execute('select souk_event_write(?, ?::jsonb, ?::jsonb, ?::jsonb)', [orgId, ...rows]);
    },
  };
}

/** Each call is a transaction of its own, in the scope of the organization. */
export function storeOf(call: EventCall, orgId: string): EventStore {
  return {
    parties: async (emitters) => partiesOf(await call<PartyRow>('souk_event_parties', [orgId, emitters])),
    waiting: async (kind, countMax) => {
      const [row] = await call<{ waiting: number }>('souk_event_room', [orgId, kind === 'facts', countMax]);
      return row?.waiting ?? 0;
    },
    write: async ({ locks, events, deliveries }) => {
      const rows = [locks, events, deliveries].map((each) => JSON.stringify(each));
      await call('souk_event_emit', [orgId, ...rows]);
    },
  };
}
