/** What becomes of a delivery by how its run ends, over all the tries that it is given. */
import { expect, it } from 'vitest';
import { EVENT_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { HandlerEnd } from '../../spec/run.ts';
import { createCauses } from '../../spec/host/causes.ts';
import { runLane } from './lane-run.ts';
import type { Failure, Head, Lane, LaneEnd } from './lanes.ts';

const USAGE = { cpuMs: 0, wallMs: 0, hostCalls: 0, cold: false };
const OK: HandlerEnd = { outcome: 'ok', value: null, usage: USAGE };
const THROWN: HandlerEnd = { outcome: 'exception', reason: 'it threw', usage: USAGE };
const SHED: HandlerEnd = { outcome: 'loadShed', reason: 'no room', usage: USAGE };
const never = { stopping: new AbortController().signal, aborting: new AbortController().signal };
const away = (): never => {
  throw new Refusal('plugin_not_active', { detail: 'The instance is in safe mode.' });
};

function headOf(delivery: number, attempts = 0, state = 'active'): Head {
  return {
    delivery: String(delivery),
    lane: 'one',
    attempts,
    subscription: 'a.b',
    org_id: 'org',
    installation_id: 'installation',
    plugin_id: 'house/plugin',
    installation_state: state,
    event_id: 'event',
    name: 'a.b',
    key: null,
    data: '{}',
    emitter: 'core',
    depth: 0,
    emitted_at: new Date(0),
  };
}

const laneOf = (heads: readonly Head[], putOff = 0): Lane => ({ name: 'one', putOff, heads });

async function run(lane: Lane, handler: (id: number) => HandlerEnd, endings = never) {
  const delivered: string[] = [];
  const failed: Failure[] = [];
  let at = 0;
  const ports = {
    handlers: { run: async () => handler(Number(lane.heads[at++]?.delivery)) },
    causes: createCauses(),
    log: { warn: () => undefined },
    attemptsMax: 3,
  };
  const report = {
    delivered: (id: string) => void delivered.push(id),
    failed: (failure: Failure) => void failed.push(failure),
  };
  const end: LaneEnd = await runLane(ports, lane, report, endings);
  return { delivered, failed, putOff: end.put_off, pause: end.pause_seconds };
}

it('runs one after the other, and wants more', async () => {
  const lane = laneOf([headOf(1), headOf(2)], 5);
  expect(await run(lane, () => OK)).toEqual({ delivered: ['1', '2'], failed: [], putOff: 0, pause: null });
});

it('stops at what failed, so that nothing overtakes it', async () => {
  const lane = laneOf([headOf(1), headOf(2), headOf(3)]);
  const ended = await run(lane, (id) => (id === 2 ? THROWN : OK));
  expect(ended).toMatchObject({ delivered: ['1'], pause: 1 });
  expect(ended.failed).toEqual([{ id: '2', attempts: 1, error: 'exception: it threw', state: 'waiting' }]);
});

it.each([
  [0, 'waiting', 1],
  [1, 'waiting', 2],
  [2, 'dead', null],
] as const)('after %i failures one more leaves it %s', async (attempts, state, pause) => {
  const ended = await run(laneOf([headOf(1, attempts)]), () => THROWN);
  expect(ended.failed).toMatchObject([{ attempts: attempts + 1, state }]);
  expect(ended.pause).toBe(pause);
});

it('goes on behind a dead letter', async () => {
  const ended = await run(laneOf([headOf(1, 2), headOf(2)]), (id) => (id === 1 ? THROWN : OK));
  expect(ended).toMatchObject({ delivered: ['2'], failed: [{ id: '1', state: 'dead' }], pause: null });
});

it.each([
  ['a plugin that cannot run', away],
  ['no room', () => SHED],
])('%s puts it off without an attempt', async (_what, handler) => {
  const ended = await run(laneOf([headOf(1, 1), headOf(2)], 2), handler);
  expect(ended.failed).toMatchObject([{ id: '1', attempts: 1, state: 'waiting' }]);
  expect([ended.putOff, ended.pause]).toEqual([3, 4]);
});

it.each(['activating', 'deactivating'])('an installation that is %s puts it off', async (state) => {
  const ended = await run(laneOf([headOf(1, 0, state)]), () => OK);
  expect(ended).toMatchObject({ delivered: [], failed: [{ state: 'waiting' }], putOff: 1 });
});

it('is put off for about an hour, and then all of the lane are dead letters that say why', async () => {
  const last = EVENT_LIMITS.putOffMax - 1;
  const ended = await run(laneOf([headOf(1), headOf(2)], last), away);
  expect(ended.failed.map(({ id, state }) => [id, state])).toEqual([
    ['1', 'dead'],
    ['2', 'dead'],
  ]);
  expect(ended.failed[0]?.error).toMatch(/about an hour.*plugin_not_active.*safe mode/su);
  let seconds = 0;
  for (let putOff = 0; putOff < last; putOff++)
    seconds += (await run(laneOf([headOf(1)], putOff), away)).pause ?? Number.NaN;
  expect(Math.round(seconds / 600)).toBe(6);
});

it('tries once more after each dead letter: a plugin that is back hears what is left', async () => {
  const lane = laneOf([headOf(1), headOf(2), headOf(3)], EVENT_LIMITS.putOffMax);
  const ended = await run(lane, (id) => (id === 1 ? away() : OK));
  expect(ended).toMatchObject({ delivered: ['2', '3'], failed: [{ id: '1', state: 'dead' }], putOff: 0 });
});

it('what nobody hears any more is a dead letter', async () => {
  const ended = await run(laneOf([headOf(1, 0, 'inactive')]), () => OK);
  expect(ended.failed).toMatchObject([{ state: 'dead', error: 'The plugin is not active any more.' }]);
});

it('a server that stops begins nothing more, and leaves the lane to another one at once', async () => {
  const stopping = AbortSignal.abort();
  const idle = await run(laneOf([headOf(1)], 4), () => OK, { ...never, stopping });
  expect(idle).toEqual({ delivered: [], failed: [], putOff: 4, pause: 0 });
  const cut: HandlerEnd = { outcome: 'canceled', reason: 'stopping', usage: USAGE };
  const left = await run(laneOf([headOf(1)], 4), () => cut, { ...never, aborting: AbortSignal.abort() });
  expect(left).toEqual({ delivered: [], failed: [], putOff: 4, pause: 0 });
});

it('keeps of a reason what PostgreSQL takes', async () => {
  const reason = `\0\ud800${'x'.repeat(2_000)}`;
  const ended = await run(laneOf([headOf(1)]), () => ({ ...THROWN, reason }));
  const error = ended.failed[0]?.error ?? '';
  expect([error.length, error.includes('\0'), error.isWellFormed()]).toEqual([1_000, false, true]);
});
