/** A plugin that answers, for each case of the behaviour suite, what it saw: the same on every host. */
import type { Host, Json, Plugin } from '../../index.ts';

type Case = (host: Host) => unknown;

/** An error as data; the list of what a host has differs from host to host. */
async function caught(work: () => unknown): Promise<Json> {
  try {
    const value = (await work()) as Json | undefined;
    return { value: value ?? null };
  } catch (error) {
    const { name, message, code, permission } = error as Record<string, Json | undefined>;
    const text = String(message).replace(/; this host has .*/u, '');
    return { name: name ?? null, message: text, code: code ?? null, permission: permission ?? null };
  }
}

/** An error as a program sees it. */
async function kindOf(work: () => unknown): Promise<Json> {
  try {
    await work();
    return 'nothing was thrown';
  } catch (error) {
    const isKind = [error instanceof Error, error instanceof TypeError];
    return [...isKind, Object.keys(error as Error), JSON.stringify(error)];
  }
}

/** Ids as the number in which they come, and times as a word: they differ from run to run. */
function plain(value: unknown): Json {
  const ids = new Map<string, string>();
  const text = JSON.stringify(value ?? null)
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)/gu, 'time')
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gu, (id) => {
      ids.set(id, ids.get(id) ?? `id ${ids.size + 1}`);
      return String(ids.get(id));
    });
  return JSON.parse(text) as Json;
}

/** Proposes rows of one type, with the data as they stand. */
function propose(
  { records }: Host,
  type: string,
  data: readonly { readonly [field: string]: Json }[],
  more: { readonly import?: string } = {},
): ReturnType<Host['records']['propose']> {
  const rows = data.map((each, index) => ({ row: index + 1, original: each, data: each }));
  return records.propose({ type, ...more, rows });
}

/** What `fetch` answered, as data; `path` is that of a server outside, which answers with what it was sent. */
async function fetched({ secrets }: Host, path: string, init?: RequestInit): Promise<Json> {
  const answer = await fetch(`${await secrets.get('outside')}${path}`, init);
  const { status, url, redirected, type, headers } = answer;
  const text = await answer.text();
  return { status, url, redirected, type, text, kind: headers.get('content-type') };
}

let kept: Host | undefined;
const big = 'x'.repeat(65_600);

export const CASES: Readonly<Record<string, Case>> = {
  'reads its configuration, with defaults': ({ config }) => config,
  'cannot change its configuration': ({ config }) =>
    caught(() => ((config as Record<string, unknown>)['greeting'] = 1)),
  'has no host part that does not exist': (host) =>
    caught(() => (host as Record<string, unknown>)['nothing']),
  'is not taken for a promise': async (host) => [(await host) === host, 'then' in host, typeof host.log.info],
  'gets what it set': async ({ kv }) => [
    await kv.set('a', { deep: [1, null, 'é'] }).then((version) => version > 0),
    await kv.get('a'),
    await kv.get('none'),
  ],
  'gets many, absent ones left out': async ({ kv }) => {
    await kv.set('m1', 1);
    await kv.set('m2', null);
    return kv.getMany(['m2', 'none', 'm1', 'm2']);
  },
  'deletes once': async ({ kv }) => [await kv.set('d', 1).then(() => kv.delete('d')), await kv.delete('d')],
  'lists by prefix in the order of bytes': async ({ kv }) => {
    for (const key of ['l/b', 'l/é', 'l/a', 'l/Z', 'l/😀', 'l/～']) await kv.set(key, 1);
    const first = await kv.list({ prefix: 'l/', limit: 2 });
    return [first, await kv.list({ prefix: 'l/', after: String(first.next) })];
  },
  'writes over the version it has read, and over no other': async ({ kv }) => {
    const made = await kv.compareAndSet('c', 0, 1);
    const again = await kv.compareAndSet('c', 0, 2);
    const next = await kv.compareAndSet('c', made.version, 3);
    return [made.stored, again.stored, again.version === made.version, next.stored, await kv.get('c')];
  },
  'loses what has expired': async ({ kv }) => {
    await kv.set('t', 1, { ttlMs: 1 });
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    return kv.get('t');
  },
  'is told of an empty key': ({ kv }) => caught(() => kv.set('', 1)),
  'is told of a key with U+0000': ({ kv }) => caught(() => kv.get('a\0')),
  'is told of a key that is too long': ({ kv }) => caught(() => kv.get('é'.repeat(257))),
  'is told of a value that is too large': ({ kv }) => caught(() => kv.set('v', big)),
  'is told of a wrong limit': ({ kv }) => caught(() => kv.list({ limit: 0 })),
  'is told of a wrong time to live': ({ kv }) => caught(() => kv.set('w', 1, { ttlMs: 0.5 })),
  'is told of arguments of a wrong type': ({ kv }) => caught(() => kv.get(1 as unknown as string)),
  'is told of arguments that are unknown': ({ kv }) => caught(() => kv.set('u', 1, { ttl: 1 } as object)),
  'is told of a value that is no JSON': ({ kv }) => caught(() => kv.set('n', undefined as unknown as Json)),
  'is told of arguments that are too long': ({ kv }) => caught(() => kv.set('l', big.repeat(5))),
  'takes keys of any name': async ({ kv }) => {
    await kv.set('__proto__', 1);
    return kv.getMany(['__proto__', 'constructor']);
  },
  'reads a secret that is set, and null for one that is not': async ({ secrets }) => [
    await secrets.get('token'),
    await secrets.get('other'),
  ],
  'gets errors that are like those of the language': async ({ kv, plugins }) => [
    await kindOf(() => kv.get(5 as unknown as string)),
    await kindOf(() => kv.get('')),
    await kindOf(() => plugins.call('suite/stranger', '/x')),
  ],
  'is told what the other plugin made of its call: nothing': ({ plugins }) =>
    caught(() => plugins.call('suite/other', '/boom', { method: 'POST' })),
  'gives up a call that its signal has given up': ({ plugins }) =>
    caught(() =>
      plugins.call('suite/other', '/echo', { method: 'POST', signal: AbortSignal.abort(new Error('mine')) }),
    ),
  'is denied what was not granted': ({ plugins }) => caught(() => plugins.call('suite/stranger', '/x')),
  'is told of a plugin that is not there': ({ plugins }) => caught(() => plugins.call('suite/absent', '/x')),
  'is told of a call to a path without a slash': ({ plugins }) =>
    caught(() => plugins.call('suite/other', 'x')),
  'calls a plugin that it depends on': async ({ plugins }) => {
    const init = { method: 'POST', body: 'é', headers: { 'x-word': 'w', cookie: 'a=b' } };
    const answer = await plugins.call('suite/other', '/echo?q=1', init);
    return [answer.status, await answer.json()];
  },
  'may wait for ten calls at once': async ({ kv }) => {
    const all = Array.from({ length: 12 }, (_, index) => caught(() => kv.get(`p${index}`)));
    return (await Promise.all(all)).slice(9);
  },
  'may make a hundred calls': async ({ kv }) => {
    for (let call = 0; call < 100; call += 1) await kv.get('a');
    return caught(() => kv.get('a'));
  },
  'is told that there is no mail server': ({ mail }) =>
    caught(() => mail.send({ to: 'ada@example.org', subject: 'S', text: 'T' })),
  'is told of a mail address that is none': ({ mail }) =>
    caught(() => mail.send({ to: 'ada', subject: 'S', text: 'T' })),
  'is told of a subject with a line break': ({ mail }) =>
    caught(() => mail.send({ to: 'ada@example.org', subject: 'a\nb', text: 'T' })),
  'emits what it declares, which nobody hears': async ({ events }) =>
    (await events.emit('case.told', { n: 1 }, { key: 'k' })).subscribers,
  'is heard by itself': async ({ events }) => (await events.emit('case.heard', null)).subscribers,
  'is told of event data that do not fit': ({ events }) =>
    caught(() => events.emit('case.told', { n: 'one' })),
  'is told of an event that it does not declare': ({ events }) => caught(() => events.emit('case.strange')),
  'is denied an event that was not granted': ({ events }) => caught(() => events.emit('elsewhere.told')),
  'is told of an empty key of an event': ({ events }) =>
    caught(() => events.emit('case.told', { n: 1 }, { key: '' })),
  'is told of a command that it does not declare': ({ jobs }) => caught(() => jobs.enqueue('none')),
  'is told of arguments of a job that do not fit': ({ jobs }) =>
    caught(() => jobs.enqueue('double', { value: 'x' })),
  'sees the job that it wants': async ({ jobs }) => {
    const { id } = await jobs.enqueue('double', { value: 4 }, { delayMs: 3_600_000 });
    const { id: _id, ...job } = await jobs.get(id);
    return job;
  },
  'is told of a job that is not there': ({ jobs }) => caught(() => jobs.get('none')),
  'is told that it is no job': ({ jobs }) => caught(() => jobs.progress({ done: 1 })),
  'was handed no file': async ({ files }) => [
    await files.list(),
    await caught(() => new Response(files.stream('none')).text()),
  ],
  'is answered through a contract': ({ contracts }) =>
    contracts.call('communication@1', 'createGroup', { name: 'Green' }),
  'is told of input that breaks a contract': ({ contracts }) =>
    caught(() => contracts.call('communication@1', 'createGroup', { title: 'Green' })),
  'is told of an answer that breaks a contract': ({ contracts }) =>
    caught(() => contracts.call('communication@1', 'deleteGroup', { group: 'g' })),
  'is told of an error of a contract': ({ contracts }) =>
    caught(() => contracts.call('communication@1', 'createGroup', { name: 'taken' })),
  'is told of an action that a contract does not have': ({ contracts }) =>
    caught(() => contracts.call('communication@1', 'createGroop', {})),
  'asks all who implement a contract': ({ contracts }) =>
    contracts.call('communication@1', 'createGroup', { name: 'taken' }, { mode: 'all' }),
  'is told of a plugin that does not implement a contract': ({ contracts }) =>
    caught(() => contracts.call('communication@1', 'createGroup', { name: 'a' }, { plugin: 'suite/cases' })),
  'is denied a contract that was not granted': ({ contracts }) =>
    caught(() => contracts.call('email@1', 'send', {})),
  'makes records of what it proposes': async (host) => {
    const answer = await propose(host, 'organization', [
      { name: ' Blue  Club ', externalId: '1', externalSource: 'crm', email: 'BLUE@Example.org' },
      { name: 'Blue Club', externalId: '1', externalSource: 'crm', city: 'Delft' },
      { name: '', city: 'Delft' },
      { name: 'Red Club', website: 'ftp://red.example', extra: 1 },
    ]);
    const [first] = answer.rows;
    return plain([answer, await host.records.get('organization', first?.record ?? '')]);
  },
  'proposes again what is there': async (host) => {
    const rows = [{ name: 'Again Club', externalId: 'again', externalSource: 'crm' }];
    return plain([await propose(host, 'organization', rows), await propose(host, 'organization', rows)]);
  },
  'has held what contradicts itself, and once': async (host) => {
    const one = { name: 'Two Club', externalId: 'two', externalSource: 'crm' };
    const rows = [one, { ...one, name: 'Twee Club' }];
    return plain([await propose(host, 'organization', rows), await propose(host, 'organization', rows)]);
  },
  'has held what is like a record and has no key': async (host) => {
    await propose(host, 'member', [{ name: 'Ada' }]);
    return plain(await propose(host, 'member', [{ name: 'ada', phone: '1' }, { name: 'Ada' }]));
  },
  'names a record that is there, and one that is not': async (host) => {
    await propose(host, 'organization', [{ name: 'Named Club' }]);
    return plain(
      await propose(host, 'member', [
        { name: 'Bea', organization: 'named-club', email: 'bea@example.org' },
        { name: 'Cid', organization: 'nowhere', email: 'cid@example.org' },
      ]),
    );
  },
  'proposes rows that it could not read': ({ records }) =>
    records
      .propose({
        type: 'organization',
        rows: [{ row: 7, original: 'x;y', data: {}, problems: ['has 2 columns'] }],
      })
      .then(plain),
  'writes its own fields into a type of the core, and no others': async (host) =>
    plain(
      await propose(host, 'organization', [
        { name: 'Star Club', 'suite/cases': { stars: 3 } },
        { name: 'Moon Club', 'suite/cases': { stars: 'three' } },
        { name: 'Sun Club', 'suite/other': { stars: 3 } },
        { name: 'Spam' },
      ]),
    ),
  'brings a record type of its own': async (host) => {
    const made = await propose(host, 'note', [{ code: 'n1', text: 'one' }, { text: 'none' }]);
    return plain([made, await host.records.list({ type: 'suite.cases.note' })]);
  },
  'lists records in pages, and by a field': async (host) => {
    const rows = Array.from({ length: 5 }, (_, index) => ({ code: `l${index}`, text: 'listed' }));
    await propose(host, 'note', rows);
    const filter = { text: 'listed' };
    const first = await host.records.list({ type: 'note', filter, limit: 2 });
    const next = await host.records.list({ type: 'note', filter, after: String(first.next), limit: 9 });
    const codes = [...first.items, ...next.items].map(({ data }) => data['code']).sort();
    return [codes, first.items.length, first.items.at(-1)?.id === first.next, next.next];
  },
  'ends an import of its own': async (host) => {
    const begun = await host.records.begin({ type: 'note' });
    await propose(host, 'note', [{ code: 'i1' }], begun);
    const again = await propose(host, 'note', [{ code: 'i1', text: 'other' }, { code: 'i2' }], begun);
    const ended = await host.records.end(begun);
    return plain([again, ended, await caught(() => host.records.end(begun))]);
  },
  'changes nothing in a dry run': async (host) => {
    const begun = await host.records.begin({ type: 'note', dryRun: true });
    const first = await propose(host, 'note', [{ code: 'd1', text: 'dry' }], begun);
    const rows = [{ row: 2, original: null, data: { code: 'd1', text: 'wet' } }];
    const second = await host.records.propose({ type: 'note', ...begun, rows });
    await host.records.end(begun);
    return plain([first, second, await host.records.list({ type: 'note', filter: { code: 'd1' } })]);
  },
  'is told of a record type that is not there': (host) => caught(() => propose(host, 'thing', [])),
  'is told of an import that is not there': (host) =>
    caught(() => propose(host, 'note', [], { import: 'none' })),
  'is told of an import of another type': async (host) => {
    const begun = await host.records.begin({ type: 'note' });
    return caught(() => propose(host, 'organization', [{ name: 'X' }], begun));
  },
  'is told of a row that stands twice': ({ records }) =>
    caught(() =>
      records.propose({ type: 'note', rows: [1, 1].map((row) => ({ row, original: null, data: {} })) }),
    ),
  'is told of a cursor that is none': ({ records }) =>
    caught(() => records.list({ type: 'note', after: 'x' })),
  'is told of a file that it was not handed': ({ records }) =>
    caught(() => records.begin({ type: 'note', file: 'none.csv' })),
  'is denied records of a type that was not granted': (host) =>
    caught(async () => [await host.records.list({ type: 'post' })]),
  'is denied proposing what it may only read': (host) => caught(() => propose(host, 'event', [])),
  'finds no record of another id': ({ records }) =>
    records.get('organization', '00000000-0000-4000-8000-000000000000'),
  'fetches what was granted': (host) =>
    fetched(host, '/open/a?b=c#d', { method: 'POST', body: 'é', headers: { 'X-Word': 'w', host: 'other' } }),
  'reads the data of a URL that holds it': async () => (await fetch('data:text/plain,hello')).text(),
  'is denied a URL that was not granted': (host) => caught(() => fetched(host, '/closed/a?b=c')),
  'is denied a path that only begins like a granted one': (host) => caught(() => fetched(host, '/open')),
  'is denied a granted path that is left again': (host) => caught(() => fetched(host, '/open/../closed')),
  'is told of a path that hides where it leads': (host) =>
    caught(() => fetched(host, '/open/%252e%252e/closed')),
  'is denied a method that was not granted': (host) =>
    caught(() => fetched(host, '/open/a', { method: 'DELETE' })),
  'is denied another host': () => caught(() => fetch('https://127.0.0.1:9/open/a')),
  'is told of a scheme that is not fetched': () => caught(() => fetch('ftp://127.0.0.1:9/open/a')),
  'sends secrets that it names, and has no copy': (host) =>
    fetched(host, '/open/a', {
      headers: { authorization: 'Bearer {{secret:token}}, {{secret:token}}', 'x-word': '{{secret:Token}}' },
    }),
  'sends no secret in a URL or a body': (host) =>
    fetched(host, '/open/a?{{secret:token}}', { method: 'POST', body: '{{secret:token}}' }),
  'is told of a named secret that is not set': (host) =>
    caught(() => fetched(host, '/open/a', { headers: { authorization: '{{secret:other}}' } })),
  'is told of a named secret that no header can hold': (host) =>
    caught(() => fetched(host, '/open/a', { headers: { authorization: '{{secret:broken}}' } })),
  'is denied where a secret was to go, before it is read': (host) =>
    caught(() => fetched(host, '/closed/a', { headers: { authorization: '{{secret:other}}' } })),
  'follows a redirect inside the grant, with its secrets': (host) =>
    fetched(host, '/open/near', {
      method: 'POST',
      body: 'b',
      headers: { authorization: '{{secret:token}}' },
    }),
  'is denied a redirect out of the grant': (host) => caught(() => fetched(host, '/open/away')),
  'is told of redirects without end': (host) => caught(() => fetched(host, '/open/round')),
  'is told of a redirect that it does not want': (host) =>
    caught(() => fetched(host, '/open/near', { redirect: 'error' })),
  'sees a redirect that it does not follow': (host) => fetched(host, '/open/away', { redirect: 'manual' }),
  'is told that nobody answered': (host) => caught(() => fetched(host, '/open/broken')),
  'gives up a request': (host) =>
    caught(() => fetched(host, '/open/a', { signal: AbortSignal.abort('why') })),
  'may fetch as often as it may call': async ({ kv }) => {
    for (let call = 0; call < 100; call += 1) await kv.get('a');
    return caught(() => fetch('https://127.0.0.1:9/'));
  },
  'is told of a body of a request that is too large': (host) =>
    caught(() => fetched(host, '/open/a', { method: 'POST', body: big.repeat(4) })),
  'keeps a host for later': (host) => {
    kept = host;
    return null;
  },
  'finds a host dead once its run was answered': () => caught(() => kept?.kv.get('a')),
};

export const PLUGIN: Plugin = {
  fetch: async (request, host) => {
    const name = decodeURIComponent(new URL(request.url).pathname.slice('/cases/'.length));
    return Response.json((await CASES[name]?.(host)) ?? null);
  },
  commands: {
    double: ({ value }: { value: number }) => ({ value: value * 2 }),
    read: async (_args, { files, jobs }) => {
      const [file] = await files.list();
      return [
        file?.name ?? null,
        await new Response(files.stream('a.csv')).text(),
        await caught(() => jobs.progress({ done: 1 })),
      ];
    },
  },
  events: { 'case.heard': ({ name, attempt }, { kv }) => kv.set('heard', [name, attempt]) },
};
