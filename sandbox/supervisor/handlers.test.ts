import { afterAll, beforeAll, expect, test } from 'vitest';

import type { HandlerPath } from '../../spec/handler.ts';
import { createSandbox, type Completion, type Sandbox, type Trigger } from '../index.ts';
import { createTestBed } from '../testing/test-bed.ts';

const bed = createTestBed();
let sandbox: Sandbox;

beforeAll(async () => {
  // One step may take long: a machine that stands still for some seconds meanwhile is not what is looked at.
  const entryMsMax = 10_000;
  const limits = { command: { entryMsMax, cpuTimeMsMax: 100 }, job: { entryMsMax, cpuTimeMsMax: 2_000 } };
  sandbox = await createSandbox({ ...bed.options, limits });
});
afterAll(() => sandbox.close());

/** Runs one handler of a package of its own. */
async function run(source: string, handlers: readonly HandlerPath[], trigger: Trigger): Promise<Completion> {
  return sandbox.call(bed.invoke(bed.guest({ 'index.js': source }, { handlers }), trigger));
}

const command = (name: string, args = {}): Trigger => ({ kind: 'command', command: name, args });

test('each kind of handler is given its input and the host, and answers JSON', async () => {
  const source = `export default {
    commands: { suffix: '!', greet({ name }, host) { return host.config.greeting + ' ' + name + this.suffix } },
    contracts: { 'communication@1': { async createGroup(input) { return { id: 'g-' + input.name } } } },
    events: { 'race.*': (event) => [event.name, event.data.lap, event.attempt] },
    schedules: { sync: (tick) => tick.scheduledAt },
  }`;
  const handlers = [
    ['commands', 'greet'],
    ['contracts', 'communication@1', 'createGroup'],
    ['events', 'race.*'],
    ['schedules', 'sync'],
  ];
  const valueOf = async (trigger: Trigger): Promise<unknown> => {
    const completion = await run(source, handlers, trigger);
    return completion.outcome === 'ok' ? completion.value : completion;
  };
  const scheduledAt = '2026-01-01T00:00:00.000Z';
  const event = { id: '1', key: null, data: { lap: 3 }, emittedAt: scheduledAt, emitter: 'core' } as const;
  expect(await valueOf(command('greet', { name: 'Ada' }))).toBe('halo Ada!');
  expect(
    await valueOf({
      kind: 'contract',
      contract: 'communication@1',
      action: 'createGroup',
      input: { name: 'board' },
    }),
  ).toEqual({ id: 'g-board' });
  expect(
    await valueOf({
      kind: 'event',
      subscription: 'race.*',
      event: { ...event, name: 'race.over', attempt: 2 },
    }),
  ).toEqual(['race.over', 3, 2]);
  expect(await valueOf({ kind: 'schedule', schedule: 'sync', tick: { scheduledAt } })).toBe(scheduledAt);
});

test.each([
  ['a handler that is missing', 'export default { commands: {} }', ['commands', 'sync'], "commands['sync']"],
  ['what every object inherits', 'export default { commands: {} }', ['commands', 'constructor'], 'function'],
  ['a value', 'export default { events: { "a.b": 1 } }', ['events', 'a.b'], "events['a.b']"],
  ['an action', "export default { contracts: { 'a@1': {} } }", ['contracts', 'a@1', 'b'], "['a@1']['b']"],
])('a package whose export lacks %s does not load', async (_what, source, handler, said) => {
  const completion = await run(source, [handler], { kind: 'lifecycle', hook: 'activate' });
  expect(completion).toMatchObject({ outcome: 'exception' });
  expect(completion.outcome !== 'ok' && completion.reason).toContain(said);
});

test('names of the language are names like others', async () => {
  const source = `export default { commands: { ['__proto__']: () => 1, constructor: () => 2, toString: () => 3 } }`;
  const names = ['__proto__', 'constructor', 'toString'];
  const handlers = names.map((name) => ['commands', name]);
  const ends = await Promise.all(names.map((name) => run(source, handlers, command(name))));
  expect(ends.map((end) => end.outcome === 'ok' && end.value)).toEqual([1, 2, 3]);
});

test('an answer may be nested 64 levels deep, of lists and objects, and no deeper', async () => {
  const source = `export default { commands: { nest({ levels }) {
    let value = 'core';
    for (let level = 0; level < levels; level++) value = level % 2 ? [0, value] : { none: null, value };
    return value;
  } } }`;
  const nest = (levels: number): Promise<Completion> =>
    run(source, [['commands', 'nest']], command('nest', { levels }));
  expect(await nest(64)).toMatchObject({ outcome: 'ok' });
  expect(await nest(65)).toMatchObject({
    outcome: 'exceededOutput',
    reason: 'the answer is nested deeper than 64 levels',
  });
});

test('what the manifest does not declare is not run, though it is there', async () => {
  const source = 'export default { commands: { hidden: () => 1 } }';
  expect(await run(source, [], command('hidden'))).toMatchObject({
    outcome: 'exception',
    reason: 'TypeError: the manifest does not declare this handler',
  });
});

test('an error brings its code, as far as it is a word', async () => {
  const source = `export default { commands: { fail({ code }) { throw Object.assign(new Error('no'), { code }) } } }`;
  const codeOf = async (code: unknown): Promise<unknown> => {
    const end = await run(source, [['commands', 'fail']], command('fail', { code }));
    return end.outcome !== 'ok' && end.guestError?.code;
  };
  expect(await codeOf('group_not_found')).toBe('group_not_found');
  expect([await codeOf('a b'), await codeOf('a'.repeat(1_000)), await codeOf(7)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('a job has the limits of jobs, though it runs the same command', async () => {
  const source = `export default { commands: { async work() {
    for (let step = 0; step < 40; step++) {
      const until = Date.now() + 40;
      while (Date.now() < until);
      await new Promise((done) => setTimeout(done, 1));
    }
    return 'done';
  } } }`;
  const handlers = [['commands', 'work']];
  expect((await run(source, handlers, command('work'))).outcome).toBe('exceededCpu');
  const job = { kind: 'command', command: 'work', args: {}, job: { id: 'job-1' } } as const;
  expect(await run(source, handlers, job)).toMatchObject({ outcome: 'ok', value: 'done' });
});
