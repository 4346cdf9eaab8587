/** The supervisor's side of a runner, against real processes that do not keep to the protocol. */
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { ISOLATE_LIMITS, RUN_LIMITS } from '../../spec/limits.ts';
import { createBroker } from '../broker/broker.ts';
import type { Capability, Completion } from '../ports.ts';
import { createLogAllowance } from '../protocol/log-allowance.ts';
import { Spending } from './spending.ts';
import { createTestBed } from '../testing/test-bed.ts';
import type { Isolate } from './isolates.ts';
import type { RunnerEnd } from './runner-end.ts';
import { Runner } from './runner.ts';
import type { Run } from './run.ts';
import { judge } from './verdict.ts';

const bed = createTestBed();
const ROGUE = join(import.meta.dirname, '../testing/rogue-runner.mjs');

/** A body of which nothing ever comes. */
const SILENT = { read: () => new Promise<never>(() => {}) };

/** Answers with such a body. */
const GIVING: Capability = {
  name: 'body.give',
  argumentSchema: { type: 'object' },
  requires: () => null,
  act: async (_args, context) => {
    context.giveBody(SILENT);
    return null;
  },
};

async function callRogue(
  deed: string,
  afterAnswer: 'retire' | 'goOn' | 'giveUp' = 'retire',
): Promise<{
  completion: Completion | undefined;
  end: RunnerEnd;
  hogs: readonly number[];
  begunAnew: readonly number[];
}> {
  const hogs: number[] = [];
  const begunAnew: number[] = [];
  const ended = Promise.withResolvers<RunnerEnd>();
  const runner = new Runner({
    tier: 'reviewed',
    launch: { command: process.execPath, args: [ROGUE, deed] },
    boot: { runs: RUN_LIMITS, isolate: ISOLATE_LIMITS },
    guestSource: Buffer.alloc(0),
    broker: createBroker([...bed.options.capabilities, GIVING], bed.options.observer),
    observer: bed.options.observer,
    onNotStarted: ({ id }) => void begunAnew.push(id),
    onAnswer: () => {
      if (afterAnswer === 'retire') runner.retire();
    },
    grantsOf: undefined,
    onHog: ({ id }) => hogs.push(id),
    onEnd: (_runner, end) => ended.resolve(end),
  });
  await runner.ready;
  const guest = bed.guest({});
  const isolate: Isolate = {
    id: 1,
    installationId: guest.installationId,
    digest: guest.digest,
    guest,
    runs: 0,
    usedAtMs: 0,
    strayLogLines: 0,
    spending: new Spending(),
    logAllowance: createLogAllowance(1),
  };
  let completion: Completion | undefined;
  runner.load(isolate, { main: 'index.js', files: [], settingsText: '{}' }, Buffer.alloc(0));
  const beside: Isolate = { ...isolate, id: 2, installationId: 'installation-beside' };
  runner.load(beside, { main: 'index.js', files: [], settingsText: '{}' }, Buffer.alloc(0));
  const run: Run = {
    id: 7,
    invocation: { ...bed.get(guest), answer: 'pieces' },
    limits: RUN_LIMITS.endpoint,
    startedMs: performance.now(),
    deadline: performance.now() + 5_000,
    hostCallsOpen: undefined,
    cold: false,
    starts: 0,
    hostCalls: 0,
    hostCallsPending: 0,
    hostCallsDropped: 0,
    logLines: 0,
    residentBytesAtStart: 0,
    ownBytes: 0,
    inflow: deed.endsWith('a piece of the request') ? { source: SILENT, isAsked: false } : undefined,
    outflow: undefined,
    admission: undefined,
    isSettled: false,
    begin: (begun) => {
      if (deed === 'pieces without end') void takeAll(begun);
      return undefined;
    },
    settle: (settled) => {
      completion ??= settled;
    },
  };
  runner.start(run, isolate, '{}', null);
  if (deed === 'nothing, and reads nothing')
    for (let mebibytes = 0; mebibytes < 140; mebibytes++) runner.configure(isolate, 'x'.repeat(2 ** 20));
  if (afterAnswer === 'giveUp') runner.abandon(run, { outcome: 'canceled', reason: 'the caller went away' });
  return { end: await ended.promise, completion, hogs, begunAnew };
}

async function takeAll(begun: Completion): Promise<void> {
  const body = begun.outcome === 'ok' ? begun.response?.body : undefined;
  if (body && !(body instanceof Uint8Array)) while (typeof (await body.read()) !== 'string');
}

describe('a runner is killed, and answers nobody, when it sends', () => {
  test.each([
    ['garbage', 'a frame is longer than the channel allows'],
    ['a gigabyte', 'a frame is longer than the channel allows'],
    ['a foreign run', 'an answer for a run that is not in this runner'],
    ['a host call of a foreign run', 'a host call of a run that is not in this runner'],
    ['host calls without end', 'more host calls than a run may make'],
    ['an unknown kind', 'a frame of an unknown kind'],
    ['an unknown outcome', 'a run ended with an unknown outcome'],
    ['an answer that is not JSON', 'the head of an answer is not JSON'],
    ['an answer that is no object', 'the head of an answer is no object'],
    ['a heartbeat that was not sent', 'an answer to a heartbeat that was not sent'],
    ['logs without end', 'more log lines than a run may write'],
    ['a line that is too long', 'a log line that is longer than it may be'],
    ['a line of one isolate for the run of another', 'a log line of one isolate for the run of another'],
    ['a piece of an answer that has not begun', 'a piece of an answer that has not begun'],
    ['a piece for a foreign run', 'a piece of an answer of a run that is not in this runner'],
    ['the beginning of a foreign answer', 'the beginning of an answer of a run that is not in this runner'],
    ['an answer that begins twice', 'an answer in pieces for a run that takes none'],
    ['more pieces than were asked for', 'more pieces of an answer than were asked for'],
    ['an empty piece', 'a piece of an answer is empty or too large'],
    ['a piece that is too large', 'a piece of an answer is empty or too large'],
    ['an end with a body', 'an answer in pieces ended with a body'],
    ['a wish for a request that has no body', 'a piece of a request was asked for that cannot be had now'],
    ['a wish for an answer that has no body', 'a piece of an answer was asked for that cannot be had now'],
    [
      'two wishes at once for a piece of an answer',
      'a piece of an answer was asked for that cannot be had now',
    ],
    [
      'two wishes at once for a piece of the request',
      'a piece of a request was asked for that cannot be had now',
    ],
    ['pieces without end', 'an answer that is larger than it may be'],
    ['a line of a foreign run', 'a log line of a run that is not in this runner'],
    ['a line of an unknown level', 'a log line of an unknown level'],
    ['lines of an unknown isolate without end', 'more frames than anybody waits for'],
    ['ends of unknown isolates without end', 'more frames than anybody waits for'],
    ['loads without end', 'more frames than anybody waits for'],
    ['drops without end', 'more ends of host calls than there were'],
    ['last words without end', 'it writes without end where only last words belong'],
    ['that it is ready, again', 'a runner was ready twice'],
    ['a heartbeat that was answered', 'a second answer to a heartbeat'],
    ['a start that failed after a host call', 'a start that failed of a run that had begun'],
    ['more host calls than may wait', 'more host calls than a run may wait for'],
    ['nothing, and reads nothing', 'it does not read what it is sent'],
  ])('%s', async (deed, why) => {
    const { completion, end } = await callRogue(deed);
    expect(end.killReason?.reason).toBe(`the runner broke its protocol: ${why}`);
    expect(end.runs.map(({ run }) => run.id)).toEqual([7]);
    expect(completion).toBeUndefined();
  });
});

test('half a frame and then nothing is the end of the runner, and no answer', async () => {
  const { completion, end } = await callRogue('half a frame');
  expect(completion).toBeUndefined();
  expect(end.runs).toHaveLength(1);
});

test('the second answer to one run kills the runner; the first one stands', async () => {
  const { completion, end } = await callRogue('an answer twice');
  expect(completion?.outcome).toBe('ok');
  expect(end.killReason).toBeDefined();
});

test('a piece after the end of its answer kills the runner; the answer stands', async () => {
  const { completion, end } = await callRogue('a piece after the end', 'goOn');
  expect(completion?.outcome).toBe('ok');
  expect(end.killReason?.reason).toContain('a piece of an answer of a run that is not in this runner');
});

test.each([
  ['a mark of its own', 1],
  ['a mark that blames an isolate for the run of another', undefined],
])('%s that dies with it blames %s', async (deed, blamed) => {
  const { end } = await callRogue(deed);
  expect(judge(end).isolate || undefined).toBe(blamed);
});

test('a run that was answered without the runner counts for what its plugin takes of the runner', async () => {
  const { completion, hogs } = await callRogue('an end after much work', 'giveUp');
  expect(completion?.outcome).toBe('canceled');
  expect(hogs).toEqual([1]);
});

test('what crosses with the end of a run that was answered without the runner is no offence', async () => {
  const { completion, end } = await callRogue(
    'one frame of each kind of a run that was answered, and its end',
    'giveUp',
  );
  expect(completion?.outcome).toBe('canceled');
  expect(end.killReason).toBeUndefined();
});

test('a run that was answered without the runner is not begun anew', async () => {
  expect((await callRogue('a start that failed', 'goOn')).begunAnew).toEqual([7]);
  expect((await callRogue('a start that failed', 'giveUp')).begunAnew).toEqual([]);
});

test('a runner that goes on and on about a run that was answered without it is killed', async () => {
  const { end } = await callRogue('pieces without end of a run that was answered', 'giveUp');
  expect(end.killReason?.reason).toContain('more of a run than anybody waits for');
});

test('a plugin that takes long to fail at load is noticed, for it will with each call', async () => {
  expect((await callRogue('a load that fails after much work')).hogs).toEqual([1]);
});

test.each([
  ['a header with a line break', 'exception'],
  ['a header of three parts', 'exception'],
  ['headers without end', 'exception'],
  ['headers that are too long', 'exceededOutput'],
  ['a status that is no number', 'exception'],
  ['a status that is none of HTTP', 'exception'],
  ['an answer that is too large', 'exceededOutput'],
  ['a stream whose head has a line break', 'exception'],
  ['a stream for a status without a body', 'exception'],
])('%s ends the run as %s', async (deed, outcome) => {
  expect((await callRogue(deed)).completion?.outcome).toBe(outcome);
});
