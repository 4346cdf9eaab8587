/** Commands of plugins: run at once and in the background, with arguments and files, by whoever may. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FILE_LIMITS } from '../../spec/limits.ts';
import { HttpClient, type Answer } from '../support/http-client.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const globex = await souk.org('globex');
const kelompok = await souk.publisher('kelompok', acme);
const PLUGIN = 'kelompok/csv-import';

const CODE = `export default { commands: {
  greet: ({ name }, host) => ({ hello: name, by: host.caller.kind }),
  'import-members': async (args, host) => {
    const seen = [];
    for (const file of await host.files.list()) {
      let bytes = 0, chunks = 0, sum = 0;
      for await (const chunk of host.files.stream(file.id)) {
        bytes += chunk.length; chunks += 1;
        for (let at = 0; at < chunk.length; at += 1009) sum = (sum + chunk[at]) % 65536;
      }
      seen.push({ name: file.name, sha256: file.sha256, bytes, chunks, sum });
    }
    return { args, seen };
  },
  fail: () => { throw Object.assign(new Error('column 3 is missing'), { code: 'columns_missing' }) },
  anyone: () => 'open',
  blab: async (args, host) => { const token = await host.secrets.get('token'); throw Object.assign(new Error('not with ' + token), { code: token }); },
  rule: () => 'ruled',
  act: () => 'acted',
  slow: async (args, host) => { await host.jobs.progress({ done: 1, total: 1 }); return 'slowly' },
} };`;
await kelompok.ship({
  id: PLUGIN,
  code: CODE,
  endpoints: [],
  secrets: { token: { title: 'Token' } },
  permissions: [{ name: 'secrets' }],
  contributes: {
    actions: [{ name: 'imports.run', title: 'Run imports', default: 'owner' }],
    commands: [
      {
        name: 'greet',
        title: 'Greet',
        arguments: {
          type: 'object',
          required: ['name'],
          additionalProperties: false,
          properties: { name: { type: 'string', maxLength: 10 } },
        },
      },
      { name: 'import-members' },
      { name: 'fail' },
      { name: 'blab' },
      { name: 'anyone', access: 'public' },
      { name: 'rule', access: 'admin' },
      { name: 'act', access: 'action:imports.run' },
      { name: 'slow', run: 'job' },
    ],
  },
});
await kelompok.ship({
  id: 'kelompok/greeter',
  code: 'export default { commands: { greet: () => "another" } };',
  endpoints: [],
  contributes: { commands: [{ name: 'greet' }] },
});
await acme.install(PLUGIN);
const path = (command: string): string => acme.path(`/plugins/${PLUGIN}/commands/${command}`);
const memberUser = await souk.user('member');
await acme.owner.put(acme.path(`/members/${memberUser.id}`), { role: 'member' });
const member = memberUser.client;

/** A form with arguments and files, as a browser or the command sends one. */
function sendForm(
  client: HttpClient,
  to: string,
  files: Readonly<Record<string, Uint8Array>>,
  fields: Readonly<Record<string, string>> = {},
  headers: Record<string, string> = {},
): Promise<Answer> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  for (const [name, bytes] of Object.entries(files)) form.append('file', new Blob([bytes as BlobPart]), name);
  return client.send('POST', to, { body: form, headers });
}
type BlobPart = ConstructorParameters<typeof Blob>[0] extends (infer Part)[] | undefined ? Part : never;

async function ended(job: string): Promise<Answer['json']> {
  for (;;) {
    const { json } = await acme.owner.get(acme.path(`/jobs/${job}`));
    if (json.endedAt !== null) return json;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

describe('a command', () => {
  it('is listed, and answers', async () => {
    const { json } = await member.get(acme.path('/commands'));
    expect(json.items.map(({ name }: { name: string }) => name)).toEqual([
      'act',
      'anyone',
      'blab',
      'fail',
      'greet',
      'import-members',
      'rule',
      'slow',
    ]);
    const answer = await member.post(path('greet'), { name: 'Ada' });
    expect(answer.json).toEqual({ plugin: PLUGIN, command: 'greet', result: { hello: 'Ada', by: 'user' } });
    expect((await member.post(path('import-members'))).json.result).toEqual({ args: {}, seen: [] });
  });

  it.each([
    [
      'arguments that do not fit',
      () => member.post(path('greet'), { name: 'x'.repeat(11) }),
      422,
      'command_arguments_invalid',
    ],
    ['none where some are needed', () => member.post(path('greet')), 422, 'command_arguments_invalid'],
    ['a list', () => member.post(path('greet'), []), 400, 'request_invalid'],
    [
      'a hostile member',
      () =>
        member.send('POST', path('greet'), {
          body: '{"__proto__":{"name":"x"}}',
          headers: { 'content-type': 'application/json' },
        }),
      400,
      'body_not_json',
    ],
    [
      'another body',
      () =>
        member.send('POST', path('greet'), {
          body: 'name=x',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        }),
      415,
      'media_type_unsupported',
    ],
    ['a name that is none', () => member.post(path('greeet')), 404, 'command_unknown'],
    ['an inherited name', () => member.post(path('constructor')), 404, 'command_unknown'],
    [
      'a plugin that is not here',
      () => member.post(acme.path('/plugins/kelompok/none/commands/greet')),
      404,
      'command_unknown',
    ],
    [
      'a query',
      () => member.post(`${path('greet')}?background=perhaps`, { name: 'x' }),
      400,
      'request_invalid',
    ],
  ])('refuses %s', async (_what, attempt, status, code) => {
    const answer = await attempt();
    expect([answer.status, answer.json.code], answer.text).toEqual([status, code]);
  });

  it('that fails says so, with what the plugin says to a member', async () => {
    const answer = await member.post(path('fail'));
    expect([answer.status, answer.json.code, answer.json.outcome]).toEqual([
      502,
      'command_failed',
      'exception',
    ]);
    expect(answer.json).toMatchObject({ pluginError: 'columns_missing' });
    expect(answer.json.detail).toContain('column 3 is missing');
  });

  it.each(['', '?background=true'])('does not tell a secret in its error%s', async (how) => {
    const set = await acme.owner.put(acme.path(`/plugins/${PLUGIN}/secrets/token`), { value: 'swordfish_9' });
    expect(set.status, set.text).toBe(204);
    const answer = await member.post(path('blab') + how);
    const said = answer.status === 202 ? JSON.stringify(await ended(answer.json.id)) : answer.text;
    expect(said).toContain('not with [secret]');
    expect(said).not.toContain('swordfish_9');
  });

  it('is written down', async () => {
    const { json } = await acme.owner.get(acme.path('/audit?limit=200'));
    const entry = json.items.find(({ action }: { action: string }) => action === 'command.run');
    expect(entry.detail).toMatchObject({ outcome: expect.any(String) });
  });
});

describe('who may', () => {
  it.each([
    ['anyone', 'a public one', () => souk.anyone.post(path('anyone')), 200, 'open'],
    ['a stranger', 'a public one', () => globex.owner.post(path('anyone')), 200, 'open'],
    ['an admin', 'one of admins', () => acme.owner.post(path('rule')), 200, 'ruled'],
    ['an owner', 'one that the org maps to owners', () => acme.owner.post(path('act')), 200, 'acted'],
  ])('%s runs %s', async (_who, _what, attempt, status, result) => {
    const answer = await attempt();
    expect([answer.status, answer.json.result], answer.text).toEqual([status, result]);
  });

  it.each([
    ['anyone', 'one of members', () => souk.anyone.post(path('greet')), 401, 'authentication_required'],
    ['anyone', 'what is not there', () => souk.anyone.post(path('none')), 401, 'authentication_required'],
    [
      'anyone',
      'a public one as a job',
      () => souk.anyone.post(`${path('anyone')}?background`),
      401,
      'authentication_required',
    ],
    ['a stranger', 'one of members', () => globex.owner.post(path('greet')), 404, 'not_found'],
    ['a stranger', 'what is not there', () => globex.owner.post(path('none')), 404, 'not_found'],
    ['a member', 'one of admins', () => member.post(path('rule')), 403, 'role_missing'],
    ['a member', 'one that the org maps to owners', () => member.post(path('act')), 403, 'role_missing'],
  ])('%s does not run %s', async (_who, _what, attempt, status, code) => {
    const answer = await attempt();
    expect([answer.status, answer.json.code], answer.text).toEqual([status, code]);
  });

  it('a token without the scope does not', async () => {
    const { json } = await member.post('/api/v1/tokens', { name: 'reader', scopes: ['orgs:read'] });
    const reader = new HttpClient(souk.process.url, json.secret);
    expect((await reader.post(path('greet'), { name: 'x' })).json.code).toBe('scope_missing');
  });
});

describe('files', () => {
  const content = Buffer.from(
    Array.from({ length: FILE_LIMITS.pieceBytesMax * 2 + 77 }, (_each, at) => (at * 7) % 256),
  );

  const kept = async (): Promise<number> =>
    (await souk.superuser.query<{ n: number }>('select count(*)::int as n from stored_file')).rows[0]?.n ?? 0;

  it('reach the command piece by piece, as they were', async () => {
    const answer = await sendForm(
      member,
      path('import-members'),
      { 'members.csv': content, 'empty.csv': Buffer.alloc(0) },
      { organization: 'green', args: '{"delimiter":";"}' },
    );
    expect(answer.status, answer.text).toBe(200);
    const { args, seen } = answer.json.result;
    expect(args).toEqual({ organization: 'green', delimiter: ';' });
    let sum = 0;
    for (let piece = 0; piece < content.length; piece += FILE_LIMITS.pieceBytesMax)
      for (let at = piece; at < Math.min(piece + FILE_LIMITS.pieceBytesMax, content.length); at += 1009)
        sum = (sum + (content[at] ?? 0)) % 65_536;
    const sha256 = createHash('sha256').update(content).digest('hex');
    expect(seen).toEqual([
      { name: 'members.csv', sha256, bytes: content.length, chunks: 3, sum },
      expect.objectContaining({ name: 'empty.csv', bytes: 0, chunks: 0 }),
    ]);
  });

  it('go with a job', async () => {
    const answer = await sendForm(member, `${path('import-members')}?background`, { 'members.csv': content });
    expect(answer.status, answer.text).toBe(202);
    const job = await ended(answer.json.id);
    expect(job).toMatchObject({ state: 'succeeded', result: { seen: [{ bytes: content.length }] } });
    await expect.poll(kept).toBe(0);
  });

  it('sent again under one key are one run', async () => {
    const key = { 'idempotency-key': 'once' };
    const first = await sendForm(
      member,
      `${path('import-members')}?background`,
      { 'a.csv': content },
      {},
      key,
    );
    const again = await sendForm(
      member,
      `${path('import-members')}?background`,
      { 'a.csv': content },
      {},
      key,
    );
    expect([again.json.id, again.headers.get('idempotency-replayed')]).toEqual([first.json.id, 'true']);
    const other = await sendForm(
      member,
      `${path('import-members')}?background`,
      { 'a.csv': content.subarray(1) },
      {},
      key,
    );
    expect(other.json.code).toBe('idempotency_key_reused');
    await expect.poll(kept).toBe(0);
  });

  it.each([
    ['anybody, so that no stranger fills what the organization may keep', souk.anyone, 'anyone', 200],
    ['a member', member, 'import-members', 200],
    ['a member, to a command that fails', member, 'fail', 502],
  ])('of %s are gone with the answer', async (_who, client, command, status) => {
    const before = await kept();
    const answer = await sendForm(client, path(command), { 'a.csv': content, 'b.csv': content });
    expect(answer.status, answer.text).toBe(status);
    expect(await kept()).toBe(before);
  });

  it('of a request that is answered from before are not kept once more', async () => {
    const key = { 'idempotency-key': 'replayed' };
    const send = (bytes: Uint8Array) =>
      sendForm(member, `${path('import-members')}?background`, { 'a.csv': bytes }, {}, key);
    expect((await send(content)).status).toBe(202);
    await expect.poll(kept).toBe(0);
    expect((await send(content)).headers.get('idempotency-replayed')).toBe('true');
    expect((await send(content.subarray(1))).json.code).toBe('idempotency_key_reused');
    expect(await kept()).toBe(0);
  });

  it('are not blamed for breaking off where another one is refused', async () => {
    const part = (head: string): string => `--x\r\ncontent-disposition: form-data; ${head}\r\n\r\na\r\n`;
    const body = `${part('name="one"; filename="1"')}${part(`name="two"; filename*=utf-8''%00`)}--x--\r\n`;
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    const answer = await member.send('POST', path('import-members'), { body, headers });
    expect([answer.status, answer.json.code]).toEqual([422, 'file_name_invalid']);
    const many = Object.fromEntries(Array.from({ length: 9 }, (_each, at) => [`${at}`, Buffer.from('a')]));
    expect((await sendForm(member, path('import-members'), many)).json.code).toBe('request_invalid');
  });

  it('go with fields that stand once', async () => {
    const form = new FormData();
    for (const value of ['{"a":1}', '{"a":2}']) form.append('args', value);
    const answer = await member.send('POST', path('import-members'), { body: form });
    expect([answer.status, answer.json.code]).toEqual([400, 'request_invalid']);
  });

  it.each([
    ['a path as its name', { '../a.csv': content }, {}, 200],
    [
      'too many',
      Object.fromEntries(Array.from({ length: 9 }, (_each, at) => [`${at}`, content.subarray(0, 9)])),
      {},
      400,
    ],
    ['arguments that are no JSON', { 'a.csv': content }, { args: '{' }, 400],
    ['arguments that are a list', { 'a.csv': content }, { args: '[]' }, 400],
  ])('with %s', async (_what, files, fields, status) => {
    const answer = await sendForm(member, path('import-members'), files, fields);
    expect(answer.status, answer.text).toBe(status);
    if (status === 200) expect(answer.json.result.seen[0].name).toBe('a.csv');
  });

  it('that break off leave nothing', async () => {
    const before = await souk.superuser.query<{ bytes: string }>('select bytes from stored_file_usage');
    const boundary = 'x';
    const body = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n${'a'.repeat(400_000)}`;
    const answer = await member.send('POST', path('import-members'), {
      body,
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    });
    expect([answer.status, answer.json.code]).toEqual([400, 'body_incomplete']);
    const after = await souk.superuser.query<{ bytes: string }>('select bytes from stored_file_usage');
    expect(after.rows).toEqual(before.rows);
  });

  it('are not taken from who may not run the command', async () => {
    const before = await souk.superuser.query('select count(*)::int as n from stored_file');
    expect((await sendForm(globex.owner, path('import-members'), { 'a.csv': content })).status).toBe(404);
    expect((await sendForm(souk.anyone, path('import-members'), { 'a.csv': content })).status).toBe(401);
    const after = await souk.superuser.query('select count(*)::int as n from stored_file');
    expect(after.rows).toEqual(before.rows);
  });
});

describe('in the background', () => {
  it('runs what says that it takes long', async () => {
    const answer = await member.post(path('slow'));
    expect(answer.status, answer.text).toBe(202);
    expect(await ended(answer.json.id)).toMatchObject({ state: 'succeeded', result: 'slowly', name: 'slow' });
  });

  it('refuses arguments before there is a job', async () => {
    const answer = await member.post(`${path('greet')}?background=true`, {});
    expect([answer.status, answer.json.code]).toEqual([422, 'command_arguments_invalid']);
  });
});

describe('a bare name', () => {
  const bare = (name: string, body?: object): Promise<Answer> =>
    member.post(acme.path(`/commands/${name}`), body);

  it('is found while one plugin has it, and a second is a conflict that the plan shows', async () => {
    expect((await bare('greet', { name: 'Ada' })).json.plugin).toBe(PLUGIN);
    expect((await bare('none')).json.code).toBe('command_unknown');
    const plan = await acme.plan({ kind: 'install', plugin: 'kelompok/greeter' });
    expect(plan.json.conflicts).toEqual([expect.objectContaining({ kind: 'command', name: 'greet' })]);
    await acme.install('kelompok/greeter');
    const answer = await bare('greet', { name: 'Ada' });
    expect([answer.status, answer.json.code]).toEqual([409, 'command_ambiguous']);
    expect((await member.post(acme.path('/plugins/kelompok/greeter/commands/greet'))).json.result).toBe(
      'another',
    );
    expect((await globex.owner.post(globex.path('/commands/greet'))).json.code).toBe('command_unknown');
  });
});
