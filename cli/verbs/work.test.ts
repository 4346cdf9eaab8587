/** Jobs, events and schedules with the command, against a real server. */
import { expect, test, vi } from 'vitest';
import { commandLine } from '../../tests/support/command-line.ts';
import { testSouk } from '../../tests/support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const house = await souk.publisher('house', acme);
await house.ship({
  id: 'house/clock',
  code: `export default { fetch: () => new Response('ok'),
    commands: { greet: async ({ name }) => 'hello ' + name },
    events: { 'app.told': async (event) => { if (event.data.bad) throw new Error('no'); } } };`,
  permissions: [{ name: 'events.subscribe', scope: ['app.*'], reason: 'Hears.' }],
  contributes: { commands: [{ name: 'greet' }], events: { subscribes: ['app.told'] } },
});
await acme.install('house/clock');
const owner = commandLine(souk.process.url, acme.owner.token);

const json = (...words: string[]) => owner.ok(...words, '--org', 'acme');

test('a command is run by the clock, and its job is seen', async () => {
  const added = await json(
    'schedules',
    'add',
    'mine',
    'house/clock',
    'greet',
    '--cron',
    '0 0 1 1 *',
    '--args',
    '{"name":"Ada"}',
  );
  await json('schedules', 'pause', added['id']);
  await json('schedules', 'resume', added['id']);
  await souk.superuser.query(`update schedule set next_at = now()`);
  await vi.waitFor(async () => {
    const { items } = await json('jobs', 'list');
    expect(items).toMatchObject([{ state: 'succeeded', result: 'hello Ada' }]);
  }, 30_000);
  await json('schedules', 'remove', added['id']);
  expect((await json('schedules', 'list'))['items']).toEqual([]);
});

test('an event is told, and dead letters are put back', async () => {
  expect(await json('events', 'emit', 'app.told', '--data', '{"bad":false}', '--key', 'k')).toMatchObject({
    subscribers: 1,
  });
  expect((await json('events', 'dead-letters'))['items']).toEqual([]);
  await vi.waitFor(async () => expect((await json('events', 'waiting'))['items']).toEqual([]), 30_000);
  expect(await json('events', 'replay')).toEqual({ replayed: 0 });
  expect(await owner.refused('events', 'emit', 'job.done', '--org', 'acme')).toBe('event_reserved');
});
