/** Lanes on PostgreSQL: one statement settles what was delivered and hands out what comes next. */
import { randomUUID } from 'node:crypto';
import { EVENT_LIMITS } from '../../spec/limits.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { EventCall } from './store.ts';

/** A delivery at the head of a lane that this server holds, with all that its run needs. */
export type Head = {
  readonly delivery: string;
  readonly lane: string;
  readonly attempts: number;
  readonly subscription: string;
  readonly org_id: string;
  readonly installation_id: string;
  readonly plugin_id: PluginId;
  readonly installation_state: string;
  readonly event_id: string;
  readonly name: string;
  readonly key: string | null;
  readonly data: string;
  readonly emitter: PluginId | 'core';
  readonly depth: number;
  readonly emitted_at: Date | string;
};

/** A lane that this server holds, with its first deliveries in order; none where they are gone. */
export type Lane = {
  readonly name: string;
  /** How often the lane was put off, one time after the other, with nobody to blame. */
  readonly putOff: number;
  readonly heads: readonly Head[];
};

/** A delivery that failed: it stays at the head of its lane, or leaves it. */
export type Failure = {
  readonly id: string;
  readonly attempts: number;
  readonly error: string;
  readonly state: 'waiting' | 'dead';
};

/** A lane that has run what was handed out: what comes next is wanted now, or, by this or another server, after a pause. */
export type LaneEnd = {
  readonly lane: string;
  readonly put_off: number;
  readonly pause_seconds: number | null;
};

/** What came of deliveries since the last time. */
export type Ends = {
  readonly delivered: readonly string[];
  readonly failed: readonly Failure[];
  readonly lanes: readonly LaneEnd[];
};

export type Turn = {
  readonly lanes: readonly Lane[];
  /** Whether there may be more that this server could take now. */
  readonly more: 'yes' | 'no';
};

export type Lanes = {
  /**
   * Writes down ends and takes what comes next, in one transaction; to be called with the same ends again where it failed.
   * @param room lanes that this server may hold more than it does beside those that end
   */
  turn(ends: Ends, room: number): Promise<Turn>;
  /** Says that the server is still at work on these lanes, and frees those of servers that are not. @returns how many */
  hold(lanes: readonly string[]): Promise<number>;
};

const FIRST_INSTALLATION = '00000000-0000-0000-0000-000000000000';

type Row = (Head | { readonly delivery: null }) & {
  readonly lane: string | null;
  readonly put_off: number;
  readonly parked: number;
  readonly next_installation: string | null;
};

export function openLanes(call: EventCall): Lanes {
  const holder = randomUUID();
  let after = FIRST_INSTALLATION;
  return {
    turn: async ({ delivered, failed, lanes }, room) => {
      const {
        runsPerInstallationMax,
        runsPerOrganizationMax,
        queuesPerTurnMax,
        scannedPerTurnMax,
        handedOutMax,
      } = EVENT_LIMITS;
      const rows = await call<Row>('souk_event_turn', [
        holder,
        EVENT_LIMITS.holdSeconds,
        delivered,
        JSON.stringify(failed),
        JSON.stringify(lanes),
        room,
        runsPerInstallationMax,
        runsPerOrganizationMax,
        after,
        queuesPerTurnMax,
        scannedPerTurnMax,
        handedOutMax,
      ]);
      const [first] = rows;
      const wrapped = after !== FIRST_INSTALLATION;
      if (room > 0) after = first?.next_installation ?? FIRST_INSTALLATION;
      const isMore = wrapped || after !== FIRST_INSTALLATION || (first?.parked ?? 0) > 0;
      return { lanes: lanesOf(rows), more: room > 0 && isMore ? 'yes' : 'no' };
    },
    hold: async (lanes) => {
      const [row] = await call<{ freed: number }>('souk_event_hold', [
        holder,
        EVENT_LIMITS.holdSeconds,
        lanes,
      ]);
      return row?.freed ?? 0;
    },
  };
}

function lanesOf(rows: readonly Row[]): Lane[] {
  const lanes = new Map<string, { name: string; putOff: number; heads: Head[] }>();
  for (const row of rows) {
    if (row.lane === null) continue;
    const lane = lanes.get(row.lane) ?? { name: row.lane, putOff: row.put_off, heads: [] };
    if (row.delivery !== null) lane.heads.push(row);
    lanes.set(row.lane, lane);
  }
  return [...lanes.values()];
}
