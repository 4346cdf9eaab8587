/** What happens in an organization is heard as it happens, from any server, and nothing is missed in between. */
import { afterAll, expect, it } from 'vitest';
import { HTTP_LIMITS } from '../../spec/limits.ts';
import { followEvents, type Heard } from '../support/event-stream.ts';
import { discardSouk, startSouk } from '../support/souk-process.ts';
import { consentTo } from '../support/test-org.ts';
import { soukOn, testDatabase } from '../support/test-souk.ts';

const environment = { DATABASE_URL: (await testDatabase()).url };
const process = await startSouk({ environment });
afterAll(() => discardSouk(process));
const souk = soukOn(process);
const second = await startSouk({ environment, dataDir: process.dataDir });
afterAll(() => second.stop());
const acme = await souk.org('acme');
const globex = await souk.org('globex');
const kelompok = await souk.publisher('kelompok', acme);
const PLUGIN = 'kelompok/tool';
await kelompok.ship({
  id: PLUGIN,
  config: { type: 'object', properties: { colour: { type: 'string' } } },
});

const hear = (url: string, count: number, lastEventId?: string, heard?: Heard[]): Promise<Heard[]> =>
  followEvents(`${url}/api/v1/orgs/acme/events`, acme.owner.token, count, lastEventId, heard);

const summary = (events: readonly Heard[]): string[] =>
  events.map(({ event, data }) => [event, data['plugin'], data['state'], data['status']].join(' '));
const LIFE = [
  `installation.created ${PLUGIN} installed DISABLED`,
  `installation.status_changed ${PLUGIN} activating DISABLED`,
  `installation.status_changed ${PLUGIN} active READY`,
];

it('on the server that acts and on another one, and again after the last id', async () => {
  const here = hear(process.url, 3, '0');
  const there = hear(second.url, 3, '0');
  await acme.install(PLUGIN);
  const heard = await here;
  expect(summary(heard)).toEqual(LIFE);
  expect(await there).toEqual(heard);
  const rest = await hear(second.url, 2, heard[0]?.id);
  expect(rest).toEqual(heard.slice(1));
});

it('configuration, deactivation and removal are told', async () => {
  const [, , last] = await hear(process.url, 3, '0');
  const configured = await acme.owner.put(acme.path(`/plugins/${PLUGIN}/config`), { colour: 'red' });
  expect(configured.status, configured.text).toBe(200);
  await acme.step(PLUGIN, 'deactivate', {});
  expect((await acme.owner.delete(acme.path(`/plugins/${PLUGIN}`))).status).toBe(204);
  expect(summary(await hear(second.url, 4, last?.id))).toEqual([
    `installation.updated ${PLUGIN} active READY`,
    `installation.status_changed ${PLUGIN} deactivating DISABLED`,
    `installation.status_changed ${PLUGIN} inactive DISABLED`,
    `installation.deleted ${PLUGIN} inactive DISABLED`,
  ]);
});

it('a plan that is refused tells nothing', async () => {
  const before = (await hear(process.url, 7, '0')).at(-1);
  const { json: plan } = await acme.plan({ kind: 'install', plugin: PLUGIN });
  expect((await acme.apply('00000000-0000-0000-0000-000000000000', [])).status).toBe(404);
  const next = hear(process.url, 1, before?.id);
  await acme.apply(plan.id, consentTo(plan));
  expect(summary(await next)).toEqual([LIFE[0]]);
});

it.each([
  ['another organization', () => globex.owner.get(acme.path('/events')), 'not_found'],
  ['nobody', () => souk.anyone.get(acme.path('/events')), 'authentication_required'],
  [
    'an id that is none',
    () => acme.owner.get(acme.path('/events'), { 'last-event-id': "1' or 1=1" }),
    'request_invalid',
  ],
  [
    'an id beyond bigint',
    () => acme.owner.get(acme.path('/events'), { 'last-event-id': '9'.repeat(19) }),
    'request_invalid',
  ],
])('is refused: %s', async (_who, attempt, code) => {
  expect((await attempt()).json.code).toBe(code);
});

it('HEAD opens no stream: it takes nobody the place of one', async () => {
  for (let asked = 0; asked <= HTTP_LIMITS.eventStreamsPerOrganizationMax; asked += 1) {
    const { status, headers } = await acme.owner.send('HEAD', acme.path('/events'));
    expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  }
  expect(await hear(process.url, 1, '0')).not.toEqual([]);
});

it('a server that stops ends its streams', async () => {
  const heard: Heard[] = [];
  const endless = hear(second.url, 1_000, '0', heard);
  await expect.poll(() => heard.length).toBeGreaterThan(0);
  await second.stop();
  expect((await endless).length).toBeLessThan(1_000);
});
