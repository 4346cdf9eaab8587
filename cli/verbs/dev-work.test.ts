/** What plugins do besides answering, under `souk dev`: mail, jobs, files, events between plugins, imports. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SoukDev } from '../../tests/support/souk-dev.ts';

const home = mkdtempSync(join(tmpdir(), 'souk-dev-work-'));
let dev: SoukDev;

function write(path: string, content: string | object): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), typeof content === 'string' ? content : JSON.stringify(content));
}

const DESK = `import { word } from '../shared/word.ts';
export default {
  commands: {
    word: () => word,
    write: ({ to }, { mail }) => mail.send({ to, subject: 'Hello', text: 'One' }),
    count: async ({ to }, { jobs, log }) => {
      await jobs.progress({ done: to, total: to, message: 'counted' });
      return to;
    },
    later: ({ to }, { jobs }) => jobs.enqueue('count', { to }),
    read: async (_args, { files }) => {
      const list = await files.list();
      return Promise.all(list.map(async ({ id, name }) => [name, await new Response(files.stream(id)).text()]));
    },
    tell: ({ n }, { events }) => events.emit('desk.told', { n }, { key: 'one' }),
  },
};`;

const friend = (body: string): string => `export default {
  contracts: {
    'organization-importer@1': {
      sniff: () => ({ confidence: 1 }),
      import: async ({ import: { id, type }, file, options }, { files, records }) => {
        const names = (await new Response(files.stream(file.id)).text()).split('\\n');
        const rows = names.map((name, index) => ({ row: index + 1, original: name, data: { name, city: options.city } }));
        await records.propose({ type, import: id, rows });
        return { rows: rows.length };
      },
    },
  },
  events: {
    'ada.desk.desk.told': async ({ data, attempt }, { kv }) => { ${body} await kv.set('heard', [data.n, attempt]); },
    'organization.created': ({ data }, { log }) => log.info('created', data.fields.join(' ')),
  },
  fetch: async (_request, { kv }) => Response.json(await kv.get('heard')),
};`;

const count = { type: 'object', required: ['to'], properties: { to: { type: 'integer' } } };

beforeAll(async () => {
  write('shared/word.ts', "export const word: string = 'one';");
  write('desk/index.ts', DESK);
  write('desk/samples/members.csv', 'name');
  write('desk/.souk-dev.json', { mail: { rejects: ['eve@example.org'] } });
  write('desk/manifest.json', {
    manifestVersion: 1,
    id: 'ada/desk',
    version: '0.1.0',
    name: 'Desk',
    main: 'index.js',
    engines: { souk: '^1.0.0' },
    permissions: [{ name: 'mail.send' }, { name: 'jobs' }, { name: 'events.emit', scope: ['desk.told'] }],
    contributes: {
      commands: [
        { name: 'word' },
        { name: 'write' },
        { name: 'count', run: 'job', arguments: count },
        { name: 'later' },
        { name: 'read' },
        { name: 'tell' },
      ],
      events: { emits: { 'desk.told': { type: 'object', properties: { n: { type: 'integer' } } } } },
    },
  });
  write('friend/index.js', friend("throw new Error('not yet');"));
  const subscribes = ['ada.desk.desk.told', 'organization.created'];
  write('friend/manifest.json', {
    manifestVersion: 1,
    id: 'ada/friend',
    version: '0.1.0',
    name: 'Friend',
    main: 'index.js',
    engines: { souk: '^1.0.0' },
    permissions: [
      { name: 'kv' },
      { name: 'records.propose', scope: ['organization'] },
      { name: 'events.subscribe', scope: subscribes },
    ],
    contributes: {
      endpoints: [{ method: 'GET', path: '/heard', access: 'public' }],
      contracts: ['organization-importer@1'],
      events: { subscribes },
    },
  });
  dev = await new SoukDev(home, 'desk', '--with', 'friend').started();
});
afterAll(async () => {
  expect(await dev.stop()).toBe(0);
  rmSync(home, { recursive: true, force: true });
});

const post = (path: string, body: object | FormData = {}): ReturnType<SoukDev['call']> =>
  dev.call(`/dev/ada/${path}`, {
    method: 'POST',
    body: body instanceof FormData ? body : JSON.stringify(body),
  });

const form = (fields: Readonly<Record<string, string>>, file: string, content: string): FormData => {
  const made = new FormData();
  for (const [name, value] of Object.entries(fields)) made.set(name, value);
  made.set('file', new Blob([content]), file);
  return made;
};

describe('under souk dev', () => {
  test('mail is told and kept, with who did not take it', async () => {
    const to = ['bea@example.org', 'eve@example.org'];
    const { json } = await post('desk/commands/write', { to });
    expect(json.value).toMatchObject({ accepted: [to[0]], rejected: [to[1]] });
    expect(await dev.told('mail')).toMatchObject({ plugin: 'ada/desk', subject: 'Hello', text: 'One' });
    expect((await dev.call('/dev/mail')).json.items).toMatchObject([{ messageId: json.value.messageId }]);
  });

  test('jobs run in the background, with progress and result', async () => {
    const wanted = await post('desk/commands/count', { to: 3 });
    expect(wanted).toMatchObject({ status: 202, json: { state: 'queued' } });
    const { id } = wanted.json;
    expect(await dev.told('job', { id, state: 'succeeded' })).toMatchObject({ result: 3 });
    const read = await dev.call(`/dev/jobs/${id}`);
    expect(read.json).toMatchObject({ progress: { done: 3, message: 'counted' }, attempt: 1 });
    const later = await post('desk/commands/later', { to: 4 });
    expect(await dev.told('job', { id: later.json.value.id, state: 'succeeded' })).toMatchObject({
      result: 4,
    });
    const lost = await post('desk/commands/later?background', { to: 'five' });
    expect(await dev.told('job', { id: lost.json.id, state: 'failed' })).toMatchObject({
      failure: { code: 'job_arguments_invalid' },
    });
  });

  test('commands are handed files of a form, and of the folder', async () => {
    const sent = await post('desk/commands/read?file=samples/members.csv', form({}, 'a.csv', 'é'));
    expect(sent.json.value).toEqual([
      ['a.csv', 'é'],
      ['members.csv', 'name'],
    ]);
    const outside = await post('desk/commands/read?file=../shared/word.ts');
    expect(outside).toMatchObject({ status: 400, json: { code: 'request_invalid' } });
    expect((await post('desk/commands/read?file=none.csv')).json.code).toBe('file_unreadable');
    expect((await dev.call('/dev/%ZZ')).status).toBe(404);
  });

  test('events reach the plugins that subscribe, again when one that failed was saved', async () => {
    expect((await post('desk/commands/tell', { n: 1 })).json.value.subscribers).toBe(1);
    expect(await dev.told('undelivered', { attempt: 1 })).toMatchObject({ plugin: 'ada/friend' });
    await post('desk/commands/tell', { n: 2 });
    expect((await dev.call('/dev/events')).json.waiting).toHaveLength(2);
    write('friend/index.js', friend(''));
    await dev.told('delivered', { attempt: 2 });
    await dev.told('delivered', { attempt: 1 });
    expect((await dev.call('/orgs/dev/p/ada/friend/heard')).json).toEqual([2, 1]);
    expect((await dev.call('/dev/events')).json.waiting).toEqual([]);
  });

  test('a file becomes records, and subscribers hear of them', async () => {
    const sent = (dryRun: string) =>
      post(
        'friend/imports/organizations',
        form({ options: '{"city":"Delft"}', dryRun }, 'clubs.txt', 'Blue\nBlue'),
      );
    expect((await sent('true')).json).toMatchObject({
      mode: 'dryRun',
      counts: { accepted: 1, unchanged: 1 },
    });
    expect((await dev.call('/dev/records')).json.items).toEqual([]);
    expect((await sent('false')).json).toMatchObject({ state: 'completed', counts: { accepted: 1 } });
    const { items } = (await dev.call('/dev/records')).json;
    expect(items).toMatchObject([
      { type: 'organization', data: { name: 'Blue', city: 'Delft', slug: 'blue' } },
    ]);
    await dev.told('log', { text: 'created name city slug' });
    expect(await post('desk/imports/organizations', form({}, 'a', 'b'))).toMatchObject({
      json: { code: 'contract_not_implemented' },
    });
  });

  test('contracts are held against their schemas', async () => {
    const call = await post('friend/contracts/organization-importer@1/import', { file: 1 });
    expect(call).toMatchObject({ status: 422, json: { code: 'contract_input_invalid' } });
  });

  test('a source outside the folder counts when it is saved', async () => {
    expect((await post('desk/commands/word')).json).toEqual({ value: 'one' });
    const { heard } = dev;
    write('shared/word.ts', "export const word: string = 'two';");
    await dev.told('reloaded', { id: 'ada/desk' }, heard);
    expect((await post('desk/commands/word')).json).toEqual({ value: 'two' });
  });
});
